/**
 * The proof: from a chat reply's text to a statement that is one bounded, read-only query over what
 * the configuration puts in scope. {@link aiworker.check.Prover} holds the order of the steps.
 */
package aiworker.check;
