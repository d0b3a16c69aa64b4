/**
 * What stands between a question and the model: an endpoint that fails is left alone for a while,
 * quotas are kept, and what was used is recorded.
 */
package aiworker.limits;
