import { describe, test } from 'vitest';
import { disturb, pointsOf, type Shape } from './kill-points.ts';

describe.each<Shape>(['fused', 'divided'])('SIGTERM in a %s run', (shape) => {
  test.each(pointsOf(shape))('at "%s", then run again', (point) => disturb(shape, 'SIGTERM', point), 120_000);
});
