import { defineConfig } from 'vitest/config';

/** The long suites: real processes, crashes, small disks. */
export default defineConfig({
  test: {
    include: ['test/integration/**/*.test.ts'],
    exclude: ['test/integration/engines/**'],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
