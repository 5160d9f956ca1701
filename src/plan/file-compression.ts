import { PitwallError } from '../error.ts';
import type { InputCompression } from '../job/job.ts';
import type { FileCompression } from './plan.ts';

/** What a file of this name is expected to be: as declared, or told from `.gz` and `.zst`. */
export function expectedCompression(url: string, declared: InputCompression): FileCompression {
  if (declared !== 'auto') return declared;
  if (/\.gz$/i.test(url)) return 'gzip';
  return /\.zstd?$/i.test(url) ? 'zstd' : 'none';
}

/** Compares a file's first bytes with what is expected. @throws PitwallError (`data`) */
export function checkCompression(url: string, start: Uint8Array, expected: FileCompression): void {
  const found = compressionOf(start);
  if (found === expected) return;
  const advice =
    found === 'none' ? `rename it or set compression: none` : `rename it or set compression: ${found}`;
  const message = `expected ${describe(expected)}, got ${describe(found)}; ${advice}`;
  throw new PitwallError('data', message, { place: { file: url } });
}

/** By the magic bytes of https://www.rfc-editor.org/rfc/rfc1952 and https://www.rfc-editor.org/rfc/rfc8878. */
function compressionOf(start: Uint8Array): FileCompression {
  const [a, b, c, d] = start;
  if (a === 0x1f && b === 0x8b) return 'gzip';
  const zstdFrame = a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd;
  const skippableFrame = a !== undefined && (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18;
  return zstdFrame || skippableFrame ? 'zstd' : 'none';
}

function describe(compression: FileCompression): string {
  return compression === 'none' ? 'an uncompressed file' : `a ${compression} file`;
}
