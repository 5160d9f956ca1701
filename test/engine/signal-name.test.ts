import { expect, it } from 'vitest';
import { signalName } from '../../src/engine/signal-name.ts';

it.each([
  [9, 'SIGKILL'],
  [15, 'SIGTERM'],
  [177, 'signal 177'],
])('signal %d is %s', (signal, name) => {
  expect(signalName(signal)).toBe(name);
});
