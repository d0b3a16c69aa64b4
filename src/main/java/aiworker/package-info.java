/**
 * The pipeline from a question to a proven, read-only statement; the core that both runtimes share.
 */
package aiworker;
