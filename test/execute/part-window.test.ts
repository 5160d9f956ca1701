import { describe, expect, it } from 'vitest';
import { PartMemories, PartWindow } from '../../src/execute/part-window.ts';

const { signal } = new AbortController();

describe('a window of parts in memory', () => {
  it('lets a part wait for the one whose memory it takes over', async () => {
    const window = new PartWindow(new PartMemories(8).take(2));
    await Promise.all([window.take(0, signal), window.take(1, signal)]);
    expect(window.memoryOf(2)).toBe(window.memoryOf(0));
    const taken: number[] = [];
    const taking = [2, 3].map((part) => window.take(part, signal).then(() => taken.push(part)));
    window.drop(1);
    await Promise.resolve();
    expect(taken).toEqual([]);
    window.drop(0);
    window.drop(0);
    await Promise.all(taking);
    expect(taken).toEqual([2, 3]);
  });

  it('lets nobody wait whose work is aborted', async () => {
    const window = new PartWindow(new PartMemories(8).take(1));
    const aborting = new AbortController();
    const waiting = window.take(1, aborting.signal);
    aborting.abort(new Error('no more'));
    await expect(waiting).rejects.toThrow('no more');
    await expect(window.take(0, aborting.signal)).rejects.toThrow('no more');
  });
});

it('memories of parts are used again', () => {
  const memories = new PartMemories(16);
  const first = memories.take(2);
  expect(first.map(({ byteLength }) => byteLength)).toEqual([16, 16]);
  memories.give(first);
  const second = memories.take(3);
  expect(second.slice(0, 2)).toEqual(first);
  expect(new Set(second).size).toBe(3);
});
