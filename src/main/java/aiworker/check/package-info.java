/**
 * The proof that a statement is one bounded, read-only query over what the configuration puts in
 * scope. {@link aiworker.check.Prover} holds the order of the steps.
 */
package aiworker.check;
