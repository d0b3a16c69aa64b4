/** The one port to the database, and what comes back through it. */
package aiworker.db;
