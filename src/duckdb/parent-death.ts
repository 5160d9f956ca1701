import koffi from 'koffi';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/**
 * Ends this process as soon as its parent is gone, however that died: on Linux by the kernel, even while this process
 * is stopped or busy. Elsewhere it only looks whether the parent is alive now. To be called first thing.
 *
 * @param parentPid - the process that started this one; this process ends at once when that is its parent no longer
 * @see https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
 */
export function dieWithParent(parentPid: number): void {
  if (process.platform === 'linux') {
    const prctl = koffi.load(null).func('int prctl(int operation, ...)');
    prctl(PR_SET_PDEATHSIG, 'unsigned long', SIGKILL);
  }
  if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
}
