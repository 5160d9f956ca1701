import { describe, expect, test, vi } from 'vitest';
import { functionRoom, startDeadline } from '../../src/lambda/function-room.ts';

function context(ms: number) {
  return { getRemainingTimeInMillis: () => ms };
}

describe('what a function may use', () => {
  test('is its memory without what Node needs, and its time without what it takes to stop', () => {
    const room = functionRoom(context(900_000), { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3008' });
    expect(room).toMatchObject({ memoryBytes: Math.floor((3008 - 256) * 2 ** 20 * 0.7), seconds: 885 });
    expect(room.diskBytes).toBeGreaterThan(0);
    expect(room.threads).toBeGreaterThanOrEqual(1);
  });

  test('is what DuckDB cannot do without in a function that is very small', () => {
    const room = functionRoom(context(10_000), { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128' });
    expect(room).toMatchObject({ memoryBytes: 128 * 2 ** 20, seconds: 8 });
  });

  test('is not known outside Lambda', () => {
    expect(() => functionRoom(context(1), {})).toThrow(
      'AWS_LAMBDA_FUNCTION_MEMORY_SIZE: expected a number of MiB, as Lambda sets it, got none',
    );
    expect(() => functionRoom(context(1), { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '2 GB' })).toThrow('got "2 GB"');
  });
});

describe('the deadline', () => {
  test('comes before Lambda ends the process, and says what it did', () => {
    vi.useFakeTimers();
    try {
      const { signal } = startDeadline(context(100_000));
      vi.advanceTimersByTime(84_999);
      expect(signal.aborted).toBe(false);
      vi.advanceTimersByTime(1);
      expect(signal.reason).toMatchObject({
        kind: 'temporary',
        message:
          "the function's time is nearly over: the run was stopped after 85 s and nothing was published",
      });
    } finally {
      vi.useRealTimers();
    }
  });

  test('does not come once it is cleared', () => {
    vi.useFakeTimers();
    try {
      const { signal, clear } = startDeadline(context(100_000));
      clear();
      vi.advanceTimersByTime(100_000);
      expect(signal.aborted).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});
