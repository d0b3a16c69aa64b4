/** The settings of {@code ai_worker_config}, as the pipeline needs them. */
package aiworker.config;
