import { open } from 'node:fs/promises';
import { PitwallError } from '../error.ts';

/** Looks whether a local file is one that Spark unpacks. @throws PitwallError (`usage`) */
export async function checkSparkArchive(archive: string): Promise<void> {
  const head = await readHead(archive);
  if (head === undefined)
    throw new PitwallError('usage', `--spark-archive: there is no file ${archive}; pitwall pack makes one`);
  if (isArchive(head)) return;
  const message = `--spark-archive: ${archive} is no .tar.gz, .tar, .zip or .jar; pitwall pack makes one`;
  throw new PitwallError('usage', message);
}

/** https://www.gnu.org/software/tar/manual/html_node/Standard.html */
const TAR_MAGIC = { at: 257, text: 'ustar' };
const HEAD_BYTES = TAR_MAGIC.at + TAR_MAGIC.text.length;

async function readHead(path: string): Promise<Buffer | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function isArchive(head: Buffer): boolean {
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const isZip = head.toString('latin1', 0, 2) === 'PK';
  return isGzip || isZip || head.toString('latin1', TAR_MAGIC.at) === TAR_MAGIC.text;
}
