import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PACKAGE_FOLDER } from '../engine/own-command.ts';
import { PitwallError } from '../error.ts';
import { findJob } from '../job/find-job.ts';
import { writePack } from '../pack/write-pack.ts';
import { formatBytes } from '../plan/text-amounts.ts';
import { errorText } from '../report/error-text.ts';
import type { Terminal } from './terminal.ts';

export interface PackCommandOptions {
  readonly output: string;
  readonly json?: boolean;
}

/** `pitwall pack [job]…`: Node, Pitwall and jobs as one archive that needs nothing installed where it is unpacked. */
export async function packCommand(
  jobs: readonly string[],
  { output, json = false }: PackCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const folders = await Promise.all(jobs.map((job) => findJob(job)));
  const path = resolve(output);
  await access(dirname(path), constants.W_OK).catch((cause: unknown) => {
    const message = `--output ${output}: the archive cannot be written: ${errorText(cause)}`;
    throw new PitwallError('usage', message, { cause });
  });
  const bytes = await writePack({
    packageFolder: PACKAGE_FOLDER.replace(/\/$/, ''),
    node: process.execPath,
    jobs: folders,
    output: path,
  });
  terminal.out(json ? `${JSON.stringify({ path, bytes })}\n` : `${output}: ${formatBytes(bytes)}\n`);
}
