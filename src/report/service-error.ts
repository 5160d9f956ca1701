/** Whether an error is one that an AWS service names so. */
export function isServiceError(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

const PASSING = /throttl|too ?many ?requests|unavailable|limit ?exceeded|operation ?aborted|timeout/i;
const NOT_SENT = /credential|region|token ?provider/i;

/** Whether a request that failed with this error of the AWS SDK may pass when it is sent again. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (PASSING.test(error.name)) return true;
  const status = statusOf(error);
  if (status !== undefined) return status >= 500 || status === 429;
  return !NOT_SENT.test(`${error.name} ${error.message}`);
}

/** `undefined` when no answer came. */
function statusOf(error: Error): number | undefined {
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
