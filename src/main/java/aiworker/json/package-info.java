/** JSON read and made in one way: Jackson's tree, bounded. */
package aiworker.json;
