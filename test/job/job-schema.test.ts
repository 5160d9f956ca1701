import { expect, test } from 'vitest';
import { jobJsonSchema } from '../../src/job/job-schema.ts';

test('docs/job.schema.json is the schema of the job file (npm run schema writes it)', async () => {
  await expect(`${JSON.stringify(jobJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    '../../docs/job.schema.json',
  );
});

test('every key of the job file has a text for editors', () => {
  expect(undescribed(jobJsonSchema(), 'job')).toEqual([]);
});

/** The keys of objects, at any depth, that lack a description and do not lead to one that has. */
function undescribed(schema: unknown, name: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const properties = Object.entries('properties' in schema ? (schema.properties ?? {}) : {});
  const inner = 'additionalProperties' in schema ? undescribed(schema.additionalProperties, `${name}.*`) : [];
  const own = properties.flatMap(([key, value]) => [
    ...(isDescribed(value) || OBVIOUS.has(key) ? [] : [`${name}.${key}`]),
    ...undescribed(value, `${name}.${key}`),
  ]);
  return [...own, ...inner];
}

const OBVIOUS = new Set(['min', 'max', 'input', 'step']);

function isDescribed(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'description' in schema;
}
