import { expect, it } from 'vitest';
import { simulate } from './simulate.ts';

const SEEDS = Number(process.env.PITWALL_SEEDS ?? 500);
const FIRST_SEED = Number(process.env.PITWALL_FIRST_SEED ?? 1);

it(`keeps its promises over ${SEEDS} seeds of interleavings, crashes, lost replies and pauses`, {
  timeout: Math.max(60_000, SEEDS * 100),
}, async () => {
  const totals = { published: 0, manifests: 0, lateWrites: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const { published, manifests, wroteLate } = await simulate(seed);
    totals.published += published;
    totals.manifests += manifests;
    totals.lateWrites += Number(wroteLate);
  }
  if (process.env.PITWALL_FIRST_SEED) console.log(totals);
  expect(totals.published).toBeGreaterThan(SEEDS);
  expect(totals.manifests).toBeGreaterThan(totals.published);
});
