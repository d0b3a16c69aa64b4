/** What the model is told of the database: read from the catalogs, ranked, cut to a budget. */
package aiworker.schema;
