/** The function that PL/Java exposes, and what makes it a good guest of the server. */
package aiworker.pljava;
