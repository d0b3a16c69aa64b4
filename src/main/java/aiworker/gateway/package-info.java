/**
 * The HTTP gateway: a program of its own, in a jar of its own, and one more way in. Each request is
 * a call of the SQL functions with the rights of the role that the gateway logs in as; nothing else
 * of this project is used here.
 */
package aiworker.gateway;
