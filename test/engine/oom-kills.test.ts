import { describe, expect, it } from 'vitest';
import { countOomKills, OomWatch } from '../../src/engine/oom-kills.ts';

const V2 = 'low 0\nhigh 12\nmax 40\noom 3\noom_kill 2\noom_group_kill 0\n';

/** A file system of these files. */
function files(texts: Readonly<Record<string, string>>): (path: string) => string | undefined {
  return (path) => texts[path];
}

describe('the count of processes killed for want of memory', () => {
  it.each([
    [
      'the events of the cgroup, version 2',
      { '/proc/self/cgroup': '0::/jobs/a\n', '/sys/fs/cgroup/jobs/a/memory.events': V2 },
      2,
    ],
    [
      'the events at the root, where a container sees its own cgroup',
      { '/proc/self/cgroup': '0::/docker/abc\n', '/sys/fs/cgroup/memory.events': V2 },
      2,
    ],
    [
      'the memory controller, version 1',
      {
        '/proc/self/cgroup': '8:pids:/\n4:memory:/jobs/b\n0::/\n',
        '/sys/fs/cgroup/memory/jobs/b/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n',
        '/sys/fs/cgroup/memory.events': V2,
      },
      5,
    ],
    ['the machine, where there is no cgroup', { '/proc/vmstat': 'nr_free_pages 7\noom_kill 9\n' }, 9],
    ['nothing, where nothing tells', {}, 0],
  ])('comes from %s', (_, texts, count) => {
    expect(countOomKills(files(texts))).toBe(count);
  });

  it('is a number here', () => {
    expect(countOomKills()).toBeGreaterThanOrEqual(0);
  });
});

describe('the watch for such kills', () => {
  it('lays each of them to one process, and those before it to none', () => {
    let count = 3;
    const watch = new OomWatch(() => count);
    expect(watch.claim()).toBe(false);
    count += 2;
    expect([watch.claim(), watch.claim(), watch.claim()]).toEqual([true, true, false]);
  });
});
