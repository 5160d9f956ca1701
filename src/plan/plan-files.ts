import type { Storage } from '../storage/storage.ts';
import { INPUTS_AT_ONCE } from './list-input.ts';
import { mapConcurrent } from './map-concurrent.ts';
import type { Plan, PlannedFile, PlannedInput } from './plan.ts';
import { FILES_PER_CHUNK, type RunFolder } from './run-folder.ts';
import { fromWritten, readLines, readText, toLines, toWritten, writeOnce, writeText } from './run-objects.ts';

/**
 * Writes a plan into its run folder: the inputs' files in objects of their own, plan.json last.
 *
 * @throws PitwallError (`temporary`) when another plan lies there
 */
export async function writePlan(storage: Storage, folder: RunFolder, plan: Plan): Promise<void> {
  await mapConcurrent(plan.inputs, INPUTS_AT_ONCE, ({ files }, index) =>
    writeFiles(storage, folder, index, files),
  );
  const inputs = plan.inputs.map((input) => ({ ...input, files: [], fileCount: input.files.length }));
  await writeOnce(storage, folder.plan, JSON.stringify({ ...plan, inputs }));
}

async function writeFiles(
  storage: Storage,
  folder: RunFolder,
  input: number,
  files: readonly PlannedFile[],
): Promise<void> {
  for (let chunk = 0; chunk * FILES_PER_CHUNK < files.length; chunk++) {
    const part = files.slice(chunk * FILES_PER_CHUNK, (chunk + 1) * FILES_PER_CHUNK);
    await writeText(storage, folder.inputFiles(input, chunk), toLines(part.map(toWritten)));
  }
}

export interface ReadPlanOptions {
  /** The inputs whose files are wanted, by name; the others have none. All by default. */
  readonly filesOf?: readonly string[] | undefined;
}

type WrittenPlan = Omit<Plan, 'inputs'> & {
  readonly inputs: readonly (PlannedInput & { readonly fileCount: number })[];
};

/** The plan of a run folder. @throws PitwallError when there is none */
export async function readPlan(
  storage: Storage,
  folder: RunFolder,
  { filesOf }: ReadPlanOptions = {},
): Promise<Plan> {
  const plan: WrittenPlan = JSON.parse(await readText(storage, folder.plan));
  const inputs = await mapConcurrent(plan.inputs, INPUTS_AT_ONCE, async ({ fileCount, ...input }, index) => {
    const isWanted = filesOf === undefined || filesOf.includes(input.name);
    return { ...input, files: isWanted ? await readFiles(storage, folder, index, fileCount) : [] };
  });
  return { ...plan, inputs };
}

async function readFiles(
  storage: Storage,
  folder: RunFolder,
  input: number,
  count: number,
): Promise<PlannedFile[]> {
  const files: PlannedFile[] = [];
  for (let chunk = 0; chunk * FILES_PER_CHUNK < count; chunk++) {
    const lines = await readLines(storage, folder.inputFiles(input, chunk));
    for (const line of lines) files.push(fromWritten(JSON.parse(line)));
  }
  return files;
}
