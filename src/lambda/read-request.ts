import { PitwallError } from '../error.ts';
import { isObject } from './event-value.ts';
import type { RunRequest } from './run-request.ts';

const KEYS: readonly string[] = ['job', 'params', 'only', 'force'];

/**
 * Reads `{ job, params, only, force }`, where values of parameters and partitions may be numbers.
 *
 * @param whose - what the keys are of, for messages
 * @throws PitwallError (`usage`) that names what is wrong
 */
export function readRequest(event: Readonly<Record<string, unknown>>, whose = "the event's"): RunRequest {
  const of = (place: string) => `${whose} ${place}`;
  const stranger = Object.keys(event).find((key) => !KEYS.includes(key));
  if (stranger !== undefined) throw wrong(of(stranger), `one of ${KEYS.join(', ')}`, event[stranger]);
  const { job, params = {}, only = {}, force = false } = event;
  if (typeof job !== 'string' || job === '') throw wrong(of('job'), 'the name of a job', job);
  if (typeof force !== 'boolean') throw wrong(of('force'), 'true or false', force);
  return {
    job,
    params: mapValues(of('params'), params, readValue),
    only: mapValues(of('only'), only, readValues),
    force,
  };
}

function mapValues<T>(
  name: string,
  values: unknown,
  read: (place: string, value: unknown) => T,
): Record<string, T> {
  if (!isObject(values)) throw wrong(name, 'values by name', values);
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, read(`${name}.${key}`, value)]),
  );
}

/** One value, or a list: an empty one would narrow to nothing, which nobody means. */
function readValues(place: string, value: unknown): string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw wrong(place, 'at least one value', value);
  return values.map((each) => readValue(place, each));
}

function readValue(place: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return String(value);
  throw wrong(place, 'a text, a number, true or false', value);
}

function wrong(place: string, expected: string, got: unknown): PitwallError {
  return new PitwallError('usage', `${place}: expected ${expected}, got ${JSON.stringify(got)}`);
}
