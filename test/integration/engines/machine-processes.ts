import { readdir, readFile } from 'node:fs/promises';

export interface TaskProcess {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
  readonly env: string;
}

/** The processes of this machine. */
export async function processes(): Promise<TaskProcess[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map(readProcess))).filter((process) => process !== undefined);
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name, in brackets, may hold anything. */
async function readProcess(pid: string): Promise<TaskProcess | undefined> {
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const [stat, command, env] = await Promise.all([read('stat'), read('cmdline'), read('environ')]);
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === '') return undefined;
  return {
    pid: Number(pid),
    parent: Number(parent),
    state,
    command: command.replaceAll('\0', ' ').trim(),
    env: `\0${env}`,
  };
}
