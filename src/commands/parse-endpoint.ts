import { PitwallError } from '../error.ts';
import { endpointProblem } from '../job/endpoint.ts';

/** The address of an object store on the command line. @throws PitwallError (`usage`); the text is not repeated */
export function parseEndpoint(text: string): string {
  const problem = endpointProblem(text);
  if (problem === undefined) return text;
  throw new PitwallError('usage', `--s3-endpoint: ${problem}`);
}
