// A driver that stays, so that a round costs its run and not the start of a process: runs the job each time it is told to.
import { PitwallError, runJob } from '../../dist/index.js';

process.on('message', async ({ job, options }) => {
  process.send(await outcomeOf(job, options));
});
process.send('ready');

async function outcomeOf(job, options) {
  try {
    const { status, runId } = await runJob(job, options);
    return { kind: 'done', status, runId };
  } catch (error) {
    if (!(error instanceof PitwallError)) return { kind: 'bug', message: String(error?.stack ?? error) };
    return { kind: 'failed', exitCode: error.exitCode, message: error.message };
  }
}
