/** The functions that PL/Python exposes. */
package aiworker.jpype;
