/** What can go wrong, with its SQLSTATE and what to do about it; thrown by every other package. */
package aiworker.error;
