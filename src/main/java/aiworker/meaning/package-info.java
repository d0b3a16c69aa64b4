/** Whether a proven statement can mean what was asked. */
package aiworker.meaning;
