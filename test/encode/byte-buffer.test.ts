import { expect, test } from 'vitest';
import { ByteBuffer, packBytes } from '../../src/encode/byte-buffer.ts';

const bytesUpTo = (count: number) => Uint8Array.from({ length: count }, (_byte, at) => at & 255);

test('a buffer grows by doubling and keeps what it holds', () => {
  const buffer = new ByteBuffer(4);
  buffer.append(bytesUpTo(3));
  buffer.reserve(2);
  expect(buffer.bytes.length).toBe(8);
  buffer.append(bytesUpTo(300));
  expect([...buffer.view()]).toEqual([...bytesUpTo(3), ...bytesUpTo(300)]);
});

test('a reserve of more than double the size makes room for all of it', () => {
  const buffer = new ByteBuffer(1);
  buffer.reserve(1000);
  expect(buffer.bytes.length).toBe(1000);
});

test('bytes and words write to the same memory after growth', () => {
  const buffer = new ByteBuffer(1);
  buffer.reserve(8);
  buffer.fields.setInt32(0, 0x04030201, true);
  buffer.length = 4;
  expect([...buffer.view()]).toEqual([1, 2, 3, 4]);
});

test.each([0, 1, 3, 4, 5, 39, 40, 41, 200])(
  'a run of %i bytes is appended whole, also from the middle',
  (count) => {
    const buffer = new ByteBuffer(1);
    buffer.append(bytesUpTo(count + 2), 1, count + 1);
    expect([...buffer.view()]).toEqual([...bytesUpTo(count + 2)].slice(1, -1));
  },
);

test.each([0, 1, 3, 4, 5, 17])('%i packed bytes are appended without the zeros behind them', (count) => {
  const buffer = new ByteBuffer(1);
  buffer.appendPacked(packBytes(bytesUpTo(count)));
  buffer.push(255);
  expect([...buffer.view()]).toEqual([...bytesUpTo(count), 255]);
});

test('a cleared buffer is empty and keeps its memory', () => {
  const buffer = new ByteBuffer(16);
  buffer.append(bytesUpTo(10));
  buffer.clear();
  expect([buffer.length, buffer.bytes.length]).toEqual([0, 16]);
});
