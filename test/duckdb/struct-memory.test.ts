import { describe, expect, it } from 'vitest';
import { readText, readWords } from '../../src/duckdb/memory.ts';
import { StructMemory } from '../../src/duckdb/struct-memory.ts';

describe('memory for structs', () => {
  it('holds words and texts where their addresses say, aligned', () => {
    const memory = new StructMemory(256);
    const text = memory.text('wörd');
    const words = memory.words([1, 2n ** 63n, text]);
    expect(readText(text)).toBe('wörd');
    expect(words % 8n).toBe(0n);
    expect([...readWords(words, 3)]).toEqual([1n, -(2n ** 63n), text]);
  });

  it('is written over in its place', () => {
    const memory = new StructMemory(256);
    const [first, second] = [memory.words([1, 2]), memory.words([3])];
    memory.rewrite(first, [4, 5]);
    expect([...readWords(first, 2), ...readWords(second, 1)]).toEqual([4n, 5n, 3n]);
  });

  it('says when it is full', () => {
    const memory = new StructMemory(128);
    memory.words(new Array(16).fill(0));
    expect(() => memory.words([1])).toThrow('the memory for structs is full');
  });
});
