import { open } from 'node:fs/promises';

/** Has the bytes of a file on the disk before it goes on. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
