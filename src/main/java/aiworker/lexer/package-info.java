/** SQL text cut into tokens the way PostgreSQL cuts it; the only reader of SQL text in the core. */
package aiworker.lexer;
