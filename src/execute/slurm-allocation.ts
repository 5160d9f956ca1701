/** What a process may use of a machine. */
export interface Allocation {
  readonly processors: number;
  readonly memoryBytes: number;
}

const MEBIBYTE = 2 ** 20;

/**
 * What a job of Slurm may use of its node, which others use too: what it was given, and where memory is not given out,
 * as much of it as of the processors.
 *
 * @param node - the whole machine, or as much of it as is known to be free
 * @see https://slurm.schedmd.com/sbatch.html#SECTION_OUTPUT-ENVIRONMENT-VARIABLES
 */
export function slurmAllocation(env: NodeJS.ProcessEnv, node: Allocation): Allocation {
  const given = positive(env.SLURM_CPUS_PER_TASK) ?? positive(env.SLURM_CPUS_ON_NODE);
  if (env.SLURM_JOB_ID === undefined || given === undefined) return node;
  const processors = Math.min(given, node.processors);
  const perProcessor = positive(env.SLURM_MEM_PER_CPU);
  const mebibytes = positive(env.SLURM_MEM_PER_NODE) ?? (perProcessor && perProcessor * given);
  const memoryBytes =
    mebibytes === undefined ? (node.memoryBytes * processors) / node.processors : mebibytes * MEBIBYTE;
  return { processors, memoryBytes: Math.min(node.memoryBytes, memoryBytes) };
}

/** `0` stands for all there is. */
function positive(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && number > 0 ? number : undefined;
}
