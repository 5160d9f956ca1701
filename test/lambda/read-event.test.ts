import { describe, expect, test } from 'vitest';
import { readEvent } from '../../src/lambda/read-event.ts';
import { bridged, notification, queued } from './events.ts';

const UNKNOWN =
  'expected an event with a job, such as {"job": "race_stats", "params": {"out": "s3://…"}}, or an event of S3, EventBridge or SQS; got another';

const UNKNOWN_MESSAGE = 'it has to hold an event of S3 or EventBridge about objects, as JSON';
/** A run is asked for only by invoking the function with it. */
const ASKED = { job: 'race_stats' };

describe('an event', () => {
  test('asks for a run by itself', () => {
    const event = {
      job: 'race_stats',
      params: { out: 's3://data/out', races: 3 },
      only: { year: 2024, round: ['1', 2] },
    };
    expect(readEvent(event)).toEqual({
      kind: 'request',
      request: {
        job: 'race_stats',
        params: { out: 's3://data/out', races: '3' },
        only: { year: ['2024'], round: ['1', '2'] },
        force: false,
      },
    });
  });

  test.each([
    [{ job: '' }, `the event's job: expected the name of a job, got ""`],
    [{ job: 'a', param: {} }, `the event's param: expected one of job, params, only, force, got {}`],
    [
      { job: 'a', params: { out: null } },
      `the event's params.out: expected a text, a number, true or false, got null`,
    ],
    [{ job: 'a', only: [] }, `the event's only: expected values by name, got []`],
    [{ job: 'a', only: { year: [] } }, `the event's only.year: expected at least one value, got []`],
    [{ job: 'a', force: 'yes' }, `the event's force: expected true or false, got "yes"`],
  ])('that asks wrongly is told where: %j', (event, message) => {
    expect(() => readEvent(event)).toThrow(expect.objectContaining({ kind: 'usage', message }));
  });

  test('of S3 names objects, whose keys are encoded as a form is', () => {
    const event = notification('data', 'laps/year=2024/a b+c é.csv', 'laps/plain.csv');
    expect(JSON.stringify(event)).toContain('a+b%2Bc+%C3%A9.csv');
    expect(readEvent(event)).toEqual({
      kind: 'objects',
      urls: ['s3://data/laps/year=2024/a b+c é.csv', 's3://data/laps/plain.csv'],
    });
  });

  test('of EventBridge names an object, whose key is as it is', () => {
    const event = bridged('data', 'laps/a+b%20c.csv');
    expect(readEvent(event)).toEqual({ kind: 'objects', urls: ['s3://data/laps/a+b%20c.csv'] });
  });

  test('of SQS is messages, of which one that cannot be understood is a failure by itself', () => {
    const event = queued(
      bridged('data', 'a.csv'),
      notification('data', 'b c.csv'),
      'no JSON',
      { hello: 1 },
      ASKED,
    );
    expect(readEvent(event)).toEqual({
      kind: 'messages',
      messages: [
        { id: 'message-0', urls: ['s3://data/a.csv'] },
        { id: 'message-1', urls: ['s3://data/b c.csv'] },
        { id: 'message-2', urls: expect.objectContaining({ message: UNKNOWN_MESSAGE }) },
        { id: 'message-3', urls: expect.objectContaining({ message: UNKNOWN_MESSAGE }) },
        { id: 'message-4', urls: expect.objectContaining({ message: UNKNOWN_MESSAGE }) },
      ],
    });
  });

  test('that S3 sends to see whether anybody is there names nothing', () => {
    expect(readEvent({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'data' })).toEqual({
      kind: 'objects',
      urls: [],
    });
  });

  test('whose key is no text is refused', () => {
    const event = {
      Records: [{ eventSource: 'aws:s3', s3: { bucket: { name: 'data' }, object: { key: '%E0%A4%A' } } }],
    };
    expect(() => readEvent(event)).toThrow('the event names an object whose key cannot be decoded: %E0%A4%A');
  });

  test.each([
    undefined,
    null,
    'race_stats',
    [],
    {},
    { Records: [{ eventSource: 'aws:ses' }] },
    { source: 'aws.s3' },
  ])('that is none of these is refused: %j', (event) => {
    expect(() => readEvent(event)).toThrow(UNKNOWN);
  });
});
