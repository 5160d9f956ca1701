import { describe, expect, test } from 'vitest';
import { exceededRoom } from '../../src/plan/exceeded-room.ts';

const ROOM = { memoryBytes: 1e9, diskBytes: 1e9, seconds: 60, threads: 2 };
const SMALL = { files: 1, inputBytes: 1e6, memoryBytes: 1e8, seconds: 1 };

describe('work', () => {
  test('that is small fits', () => {
    expect(exceededRoom(SMALL, ROOM)).toBeUndefined();
  });

  test.each([
    [{ memoryBytes: 2e9 }, 'memory: about 2.0 GB of 1.0 GB'],
    [{ inputBytes: 6e8 }, 'disk: about 1.2 GB of 1.0 GB'],
    [{ seconds: 40 }, 'time: about 65 s of 60 s'],
  ])('that does not fit is told by what: %j', (more, exceeded) => {
    expect(exceededRoom({ ...SMALL, ...more }, ROOM)).toBe(exceeded);
  });

  test('of the same size fits into a machine with more threads', () => {
    expect(exceededRoom({ ...SMALL, seconds: 40 }, { ...ROOM, threads: 4 })).toBeUndefined();
  });
});
