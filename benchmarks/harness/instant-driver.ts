import { projectPath } from './project-root.ts';

/**
 * Runs the plan in the file that is its argument, from planning to the manifest, with workers that answer at once and
 * make nothing; prints how many tasks there were. All of Pitwall is taken from the build: a run looks for its package
 * beside itself, and a process can hold only one libduckdb.
 */
const { readPlanFile }: typeof import('../../src/commands/plan-file.ts') = await built('commands/plan-file');
const { localEngine }: typeof import('../../src/engine/local.ts') = await built('engine/local');
const { runJob }: typeof import('../../src/run.ts') = await built('run');

const plan = await readPlanFile(process.argv[2] ?? '');
const entry = new URL('./instant-worker.js', import.meta.url);
const { tasks } = await runJob(plan.job.folder, { ...plan.asked, plan, engine: localEngine({ entry }) });
process.stdout.write(`${tasks.run} tasks\n`);

function built(module: string) {
  return import(projectPath('dist', `${module}.js`));
}
