/**
 * What a reply of the model says, from the words of one finished chat message: a statement or
 * prose.
 */
package aiworker.reply;
