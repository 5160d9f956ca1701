import { PitwallError } from '../../src/error.ts';

/** Runs a benchmark; a mistake on the command line is one line on stderr, anything else shows where it arose. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const isUsage = error instanceof PitwallError && error.kind === 'usage';
    console.error(isUsage ? error.message : error);
    process.exitCode = isUsage ? error.exitCode : 1;
  }
}
