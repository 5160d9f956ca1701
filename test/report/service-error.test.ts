import { expect, it } from 'vitest';
import { isPassing, isServiceError } from '../../src/report/service-error.ts';

function sdkError(name: string, httpStatusCode?: number): Error {
  const error = new Error(`${name} was said`);
  error.name = name;
  return httpStatusCode === undefined ? error : Object.assign(error, { $metadata: { httpStatusCode } });
}

it.each([
  [sdkError('ThrottlingException', 400), true],
  [sdkError('TooManyRequestsException', 429), true],
  [sdkError('ServiceUnavailableException', 503), true],
  [sdkError('InternalFailure', 500), true],
  [sdkError('TimeoutError'), true],
  [Object.assign(sdkError('Error'), { code: 'ECONNREFUSED' }), true],
  [sdkError('AccessDeniedException', 400), false],
  [sdkError('InvalidParameterException', 400), false],
  [sdkError('CredentialsProviderError'), false],
  [new Error('Region is missing'), false],
  ['text', false],
])('whether %s may pass: %s', (error, passes) => {
  expect(isPassing(error)).toBe(passes);
});

it('an error of a service is known by its name', () => {
  expect(isServiceError(sdkError('ResourceNotFoundException'), 'ResourceNotFoundException')).toBe(true);
  expect(isServiceError(sdkError('Other'), 'ResourceNotFoundException')).toBe(false);
  expect(isServiceError('Other', 'Other')).toBe(false);
});
