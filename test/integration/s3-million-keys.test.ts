import { describe, expect, it } from 'vitest';
import { countListed } from '../s3/count-listed.ts';

const MIB = 1024 * 1024;

describe('a listing of a million keys gives each of them once and in order, in little memory', () => {
  it('out of one folder', async () => {
    const keys = { count: 1_000_000, perFolder: 1_000_000 };
    const { found, mostHeap } = await countListed(keys, 's3://many/in/**');
    expect(found).toBe(1_000_000);
    expect(mostHeap).toBeLessThan(300 * MIB);
  });

  it.each([
    ['s3://many/in/**/*.csv', true],
    ['s3://many/in/**/*.csv', false],
    ['s3://many/in/*/*.csv', false],
  ] as const)('out of many folders: %s, by bytes: %s', async (pattern, ordersByBytes) => {
    const keys = { count: 1_000_000, perFolder: 2_500 };
    const { found, mostHeap } = await countListed(keys, pattern, ordersByBytes);
    expect(found).toBe(1_000_000);
    expect(mostHeap).toBeLessThan(300 * MIB);
  });
});
