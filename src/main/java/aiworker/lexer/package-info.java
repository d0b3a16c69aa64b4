/** SQL text of anyone, cut into tokens the way PostgreSQL cuts it. */
package aiworker.lexer;
