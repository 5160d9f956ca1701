import type { StorageOptions } from '../storage/open-storage.ts';
import { endpointProblem } from './endpoint.ts';
import type { Job } from './job.ts';
import type { JobContext } from './job-context.ts';
import type { StorageFile } from './storage-file.ts';

/** How a job's files are reached. @param endpoint - of the user; above what the job says */
export function jobStorage(
  { storage = {} }: Pick<Job, 'storage'>,
  endpoint: string | undefined,
): StorageOptions {
  return endpoint === undefined ? storage : { ...storage, s3: { ...storage.s3, endpoint } };
}

/** What a job file says of its storage, as the drivers take it. Reports an address that is none, without repeating it. */
export function readStorage(file: StorageFile, { source, report }: JobContext): StorageOptions {
  const problem = file.endpoint === undefined ? undefined : endpointProblem(file.endpoint);
  if (problem !== undefined)
    report.error(source.place(['storage', 'endpoint']), `storage.endpoint: ${problem}`);
  const {
    path_style,
    requester_pays,
    sse,
    sse_kms_key: keyId,
    verify_etags,
    orders_by_bytes,
    ...same
  } = file;
  const kind = keyId === undefined ? sse : 'kms';
  const s3 = {
    ...same,
    ...(path_style === undefined ? {} : { forcePathStyle: path_style }),
    ...(requester_pays === undefined ? {} : { requesterPays: requester_pays }),
    ...(kind === undefined ? {} : { encryption: kind === 'kms' ? { kind, keyId } : { kind } }),
    ...(orders_by_bytes === undefined ? {} : { ordersByBytes: orders_by_bytes }),
    ...(verify_etags === undefined ? {} : { verifyEtags: verify_etags }),
  };
  return { s3 };
}
