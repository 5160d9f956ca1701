import { defineConfig } from 'vitest/config';

/** The contract of engines, on a real Slurm and a real Spark where they are installed. */
export default defineConfig({
  test: {
    include: ['test/integration/engines/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
