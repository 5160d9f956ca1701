import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublished, writeFiles } from '../e2e/workspace.ts';
import { lapsOf, lapsPath, leftovers, seasonsWorkspace, storeOf } from './seasons-job.ts';

const DRIVER = fileURLToPath(new URL('./driver-process.mjs', import.meta.url));
const DRIVERS = 8;
/** So many of them use --wait. */
const WAITING = 2;
const ROUNDS = 100;
const SEASONS = [2001, 2002, 2003];
const HELD =
  /^job job: another run \([0-9a-f-]{36}\) is publishing or running; run it again later, or use --wait$/;

type DriverOutcome =
  | { readonly kind: 'done'; readonly status: string; readonly runId: string }
  | { readonly kind: 'failed'; readonly exitCode: number; readonly message: string }
  | { readonly kind: 'bug'; readonly message: string };

async function openDriver(): Promise<ChildProcess> {
  const driver = fork(DRIVER, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  onTestFinished(() => void driver.kill('SIGKILL'));
  await once(driver, 'message');
  return driver;
}

async function runIn(driver: ChildProcess, cwd: string, wait: boolean): Promise<DriverOutcome> {
  const answer = once(driver, 'message');
  // Who waits looks eight times in the time to live.
  const options = {
    cwd,
    wait,
    leaseTtlMs: 4000,
    set: { source: join(cwd, 'job/data'), out: join(cwd, 'results') },
  };
  driver.send({ job: join(cwd, 'job'), options });
  const [outcome] = await answer;
  return outcome;
}

/** What the input of a round is: in each another season changes, comes or goes. */
async function setInputs(cwd: string, round: number): Promise<void> {
  const seed = round % 7;
  await writeFiles(
    cwd,
    Object.fromEntries(SEASONS.map((season) => [lapsPath(season), lapsOf(season, { seed })])),
  );
}

/** What each version of the inputs publishes. */
async function versions(): Promise<Record<string, string>[]> {
  const found: Record<string, string>[] = [];
  const cwd = await seasonsWorkspace(SEASONS);
  for (let round = 0; round < 7; round++) {
    await setInputs(cwd, round);
    await pitwallOk(['run', 'job', '--quiet'], { cwd });
    found.push(await readPublished(join(cwd, 'results')));
  }
  return found;
}

/** Reads each output whenever something happens to it; gives, when it is stopped, what it saw that is no version, whole. */
function watchOutputs(cwd: string, whole: ReadonlySet<string>): () => Promise<string[]> {
  const broken = new Set<string>();
  const looks: Promise<void>[] = [];
  const look = async (name: string) => {
    const text = await readFile(join(cwd, 'results', name), 'latin1').catch((error) => String(error));
    if (!whole.has(text)) broken.add(`${name}: ${text}`);
  };
  const watcher = watch(join(cwd, 'results'), (_, name) => {
    if (name?.endsWith('.json')) looks.push(look(name));
  });
  return async () => {
    watcher.close();
    await Promise.all(looks);
    expect(looks.length).toBeGreaterThan(ROUNDS);
    return [...broken];
  };
}

async function manifestCount(cwd: string): Promise<number> {
  const names = await readdir(join(storeOf(cwd), 'manifest')).catch(() => []);
  return Math.max(0, ...names.map((name) => Number.parseInt(name, 10)));
}

describe(`${DRIVERS} drivers of one job at once`, () => {
  test(`publish once in each of ${ROUNDS} rounds, and the outputs are whole at any time`, async () => {
    const expected = await versions();
    const cwd = await seasonsWorkspace(SEASONS);
    const drivers = await Promise.all(Array.from({ length: DRIVERS }, openDriver));
    await mkdir(join(cwd, 'results'));
    const stopWatching = watchOutputs(cwd, new Set(expected.flatMap((files) => Object.values(files))));
    for (let round = 0; round < ROUNDS; round++) {
      await setInputs(cwd, round);
      const before = await manifestCount(cwd);
      const outcomes = await Promise.all(drivers.map((driver, place) => runIn(driver, cwd, place < WAITING)));
      const context = `round ${round}: ${JSON.stringify(outcomes)}`;
      expect(outcomes.filter(isPublisher), context).toHaveLength(1);
      expect(outcomes.filter((outcome) => !isPublisher(outcome)).every(isWellBehaved), context).toBe(true);
      expect(
        outcomes.filter(({ kind }, place) => place < WAITING && kind !== 'done'),
        context,
      ).toEqual([]);
      // An announcement and the state after it.
      expect(await manifestCount(cwd), context).toBe(before + 2);
      expect(await readPublished(join(cwd, 'results')), context).toEqual(expected[round % 7]);
    }
    expect(await stopWatching()).toEqual([]);
    expect(await leftovers(join(cwd, 'results'))).toEqual([]);
  }, 480_000);

  test('say so on the command line: one exits 0, the others 75 or with nothing to do', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const runs = Array.from({ length: DRIVERS }, () => pitwall(['run', 'job', '--json'], { cwd }));
    const outcomes = await Promise.all(runs);
    const documents = outcomes.filter(({ code }) => code === 0).map(({ stdout }) => JSON.parse(stdout));
    const statuses = documents.map(({ status }) => status);
    expect(statuses.filter((status) => status === 'succeeded')).toHaveLength(1);
    expect(statuses.filter((status) => status !== 'succeeded' && status !== 'unchanged')).toEqual([]);
    for (const { code, stdout, stderr } of outcomes.filter(({ code }) => code !== 0)) {
      expect({ code, stdout }).toEqual({ code: 75, stdout: '' });
      expect(stderr.trim().split('\n').at(-1)?.replace('pitwall: ', '')).toMatch(HELD);
    }
  });
});

function isPublisher(outcome: DriverOutcome): boolean {
  return outcome.kind === 'done' && outcome.status === 'succeeded';
}

function isWellBehaved(outcome: DriverOutcome): boolean {
  if (outcome.kind === 'done') return outcome.status === 'unchanged';
  return outcome.kind === 'failed' && outcome.exitCode === 75 && HELD.test(outcome.message);
}
