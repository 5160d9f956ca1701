import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { openStorage } from '../../src/storage/open-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { BUCKET, type TestServer, testEnvironment } from '../s3/describe-s3.ts';
import { emptyFolder } from './workspace.ts';

/** A working directory and a prefix of a bucket, and the environment in which a user has both. */
export interface S3Place {
  readonly cwd: string;
  /** The prefix, without a slash at its end. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly storage: Storage;
}

/** @param endpoint - the server's own by default */
export async function s3Place(server: TestServer, endpoint = server.endpoint()): Promise<S3Place> {
  const [cwd, temporary] = [await emptyFolder(), await emptyFolder()];
  const env = { ...testEnvironment(), AWS_ENDPOINT_URL_S3: endpoint, TMPDIR: temporary };
  const storage = openStorage({ s3: { endpoint: server.endpoint() } });
  return { cwd, root: await server.root(), env, storage };
}

/** Uploads the files of a local folder. */
export async function uploadFolder(storage: Storage, folder: string, to: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    await storage.writeAtomic(`${to}${path.slice(folder.length)}`, await readFile(path));
  }
}

/** Every object below a prefix: its bytes, in Latin-1, by its name there. */
export async function readObjects(storage: Storage, root: string): Promise<Record<string, string>> {
  const texts: [string, string][] = [];
  for await (const { url } of storage.listFolder(root))
    texts.push([url.slice(root.length + 1), Buffer.from(await storage.read(url)).toString('latin1')]);
  return Object.fromEntries(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same of what is published: everything but the runs. */
export async function readPublishedObjects(storage: Storage, root: string): Promise<Record<string, string>> {
  const all = Object.entries(await readObjects(storage, root));
  return Object.fromEntries(all.filter(([name]) => !name.startsWith('_pitwall/')));
}

/** The files of attempts that no record names. */
export async function orphans(storage: Storage, root: string): Promise<string[]> {
  const all = await readObjects(storage, root);
  const records = Object.entries(all).filter(([name]) => /\/records\/.*\.json$/.test(name));
  const attempts = records.map(([, text]) => String(JSON.parse(text).attempt));
  const files = Object.keys(all).filter((name) => /\/attempts\//.test(name));
  return files.filter((name) => !attempts.some((attempt) => name.includes(attempt)));
}

/** Uploads in parts that were begun and neither completed nor given up. */
export async function pendingUploads(server: TestServer, root: string): Promise<string[]> {
  const prefix = root.slice(`s3://${BUCKET}/`.length);
  const found = await server
    .client()
    .send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: prefix }));
  return (found.Uploads ?? []).map(({ Key = '' }) => Key);
}

/** What is left in the folder of temporary files. */
export async function leftInTemporary({ env }: S3Place): Promise<string[]> {
  const names = await readdir(env.TMPDIR ?? '');
  return names.filter((name) => name.startsWith('pitwall'));
}

/** The processes that were started with the place's environment, and their children: the folder of temporary files tells them. */
export async function stillRunning({ env }: S3Place): Promise<string[]> {
  const mark = `TMPDIR=${env.TMPDIR}\0`;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = pids.map((pid) => readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''));
  const found = await Promise.all(environments);
  return pids.filter((_, index) => found[index]?.includes(mark));
}
