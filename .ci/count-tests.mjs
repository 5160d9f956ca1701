// Adds up Vitest's JSON reports of a folder and prints "N passed, N failed" last; exit code 1 when anything failed.
// usage: count-tests.mjs <folder> [names of steps that failed]
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, ...broken] = process.argv.slice(2);
const suites = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => readSuite(file));
const passed = sum(({ tests }) => tests.filter(({ status }) => status === 'passed').length);
const skipped = suites.flatMap(({ name, tests }) =>
  tests
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => `${name}: ${fullName}`),
);
const failed = sum(({ failures }) => failures) + broken.filter((name) => !isCounted(name)).length;

console.log('');
for (const name of skipped) console.log(`skipped  ${name}`);
for (const { name, tests } of suites)
  for (const { status, fullName } of tests)
    if (status === 'failed') console.log(`FAILED   ${name}: ${fullName}`);
for (const name of broken) if (!isCounted(name)) console.log(`FAILED   ${name}`);
if (skipped.length > 0) console.log(`${skipped.length} skipped`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** A test file that cannot even be loaded has no tests: it counts as one failure. */
function readSuite(file) {
  const { testResults } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const unloaded = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failures = tests.filter(({ status }) => status === 'failed').length + unloaded.length;
  return { name: file.replace(/\.json$/, ''), tests, failures };
}

/** Whether a failed step's own tests say so. */
function isCounted(step) {
  return suites.some(({ name, failures }) => name === step && failures > 0);
}

function sum(count) {
  return suites.reduce((total, suite) => total + count(suite), 0);
}
