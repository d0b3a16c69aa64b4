/** The cache as the core sees it: a request, its entry, and one call for all who ask the same. */
package aiworker.cache;
