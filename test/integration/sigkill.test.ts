import { describe, expect, test } from 'vitest';
import { disturb, pointsOf, type Shape, undisturbed } from './kill-points.ts';

test('both shapes publish the same bytes', async () => {
  expect(await undisturbed('divided')).toEqual(await undisturbed('fused'));
}, 60_000);

describe.each<Shape>(['fused', 'divided'])('SIGKILL in a %s run', (shape) => {
  test.each(pointsOf(shape))('at "%s", then run again', (point) => disturb(shape, 'SIGKILL', point), 120_000);
});
