import { type Readable, Transform, type Writable } from 'node:stream';

/** Makes streams share a bandwidth. */
export interface Pace {
  throttle(): Transform;
  pipe(from: Readable, to: Writable): void;
}

/** A pace of so many bytes a second, of all streams together. */
export function createPace(bytesPerSecond: number): Pace {
  let freeAt = performance.now();
  const throttle = () =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const now = performance.now();
        freeAt = Math.max(freeAt, now) + (chunk.length / bytesPerSecond) * 1000;
        const waitMs = freeAt - now;
        if (waitMs < 1) done(null, chunk);
        else setTimeout(() => done(null, chunk), waitMs);
      },
    });
  return { throttle, pipe: (from, to) => void from.pipe(throttle()).pipe(to) };
}
