import { access, appendFile, mkdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { serveTasks } from '../../dist/engine/serve-tasks.js';
import { PitwallError } from '../../dist/error.js';

/**
 * A worker process that speaks as every worker does, but acts a script: `script.json` of the run folder says what each
 * attempt of a task does. See worker-rig.ts.
 */
serveTasks(
  () => undefined,
  async ({ folder, limits, scratch, signal }) => {
    const script = JSON.parse(await readFile(`${folder.url}/script.json`, 'utf8'));
    await act(folder.url, script.open[(await countUp(folder.url, 'open')) - 1] ?? 'commit', signal);
    return {
      run: async (stepId, index, attempt, { onProgress, onMade, signal }) => {
        const number = await countUp(folder.url, index);
        const acts = script.tasks[index] ?? ['commit'];
        const what = acts[Math.min(number, acts.length) - 1];
        const seen = { index, number, attempt, pid: process.pid, limits, scratch, what };
        await appendFile(`${folder.url}/attempts.ndjson`, `${JSON.stringify(seen)}\n`);
        onProgress({ phase: `attempt ${number}`, rows: 0, bytes: 0, fraction: 0 });
        await act(folder.url, what, signal, onMade);
        return {
          kind: what === 'supersede' ? 'superseded' : 'committed',
          record: record(stepId, index, attempt),
        };
      },
      close: async () => undefined,
    };
  },
);

const ACTS = {
  commit: async () => undefined,
  supersede: async () => undefined,
  fail: async (_, kind) => {
    throw new PitwallError(kind, `a ${kind} error`, { place: { file: 'in.csv', line: 3 } });
  },
  bug: async () => {
    throw new TypeError('a bug');
  },
  signal: async (_, name) => {
    process.kill(process.pid, name);
    await forever();
  },
  exit: async (_, code) => process.exit(Number(code)),
  gate: (url, name, signal) => throughGate(`${url}/gate-${name}`, signal),
  stage: (url, name, signal, onMade) => {
    onMade();
    return throughGate(`${url}/gate-${name}`, signal);
  },
  deaf: () => forever(),
  eat: () => eatMemory(),
};

async function act(url, what, signal, onMade) {
  const [verb, object] = what.split(' ');
  await ACTS[verb](url, object, signal, onMade);
}

async function throughGate(path, signal) {
  for (;;) {
    signal.throwIfAborted();
    const isOpen = await access(path).then(
      () => true,
      () => false,
    );
    if (isOpen) return;
    await delay(5);
  }
}

function forever() {
  return new Promise(() => undefined);
}

/** Takes memory until the process is killed for it. */
function eatMemory() {
  const eaten = [];
  for (;;) eaten.push(Buffer.alloc(16e6, 1));
}

/** Whoever makes the n-th folder is the n-th, whichever process it is. */
async function countUp(url, name) {
  for (let number = 1; ; number++) {
    try {
      await mkdir(`${url}/count-${name}-${number}`);
      return number;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
}

function record(stepId, index, attempt) {
  const made = { fingerprint: '', outputs: [], files: [], checks: [], rows: 10, elapsedMs: 7 };
  return { version: 1, stepId, index, attempt, ...made };
}
