/** What calls to the model cost. */
package aiworker.usage;
