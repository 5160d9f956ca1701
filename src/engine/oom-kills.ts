import { readFileSync } from 'node:fs';

/**
 * How many processes the kernel has killed for want of memory so far, in the cgroup of this process or, without one,
 * on this machine; 0 where nothing tells.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files (`oom_kill` of memory.events)
 */
export function countOomKills(read = readText): number {
  const texts = counterFiles(read('/proc/self/cgroup') ?? '').map(read);
  const counts = texts.map((text) => /^oom_kill (\d+)$/m.exec(text ?? '')?.[1]);
  return Number(counts.find((count) => count !== undefined) ?? 0);
}

/** In a container the cgroup's path may be that of the host, while its files lie at the root. */
function counterFiles(cgroups: string): string[] {
  const [, unified] = /^0::(.*)$/m.exec(cgroups) ?? [];
  const [, memory] = /^\d+:memory:(.*)$/m.exec(cgroups) ?? [];
  return [
    `/sys/fs/cgroup/memory${memory ?? ''}/memory.oom_control`,
    '/sys/fs/cgroup/memory/memory.oom_control',
    `/sys/fs/cgroup${unified ?? ''}/memory.events`,
    '/sys/fs/cgroup/memory.events',
    '/proc/vmstat',
  ];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Tells for each process that was killed whether the kernel did it for want of memory; each kill counts once. */
export class OomWatch {
  readonly #count: () => number;
  #known: number;

  constructor(count: () => number = countOomKills) {
    this.#count = count;
    this.#known = count();
  }

  /** Whether the kernel has killed more processes than were asked for so far. */
  claim(): boolean {
    if (this.#count() <= this.#known) return false;
    this.#known++;
    return true;
  }
}
