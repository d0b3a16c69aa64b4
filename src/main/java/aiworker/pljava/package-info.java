/** The functions that PL/Java exposes, and what keeps its backend whole. */
package aiworker.pljava;
