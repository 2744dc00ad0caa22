import { defineConfig } from 'vitest/config';

const runFolder = 'scripts/testing/run-folder.mjs';
const bundles = 'scripts/testing/bundles.mjs';
/** For what hangs: a test beside much other work is slow, not broken. */
const timeLimits = {
  testTimeout: 600_000,
  hookTimeout: 600_000,
  teardownTimeout: 60_000,
  expect: { poll: { timeout: 300_000 } },
};

/** unit: no I/O beyond the project's own files and a folder in memory. integration: real components, on 127.0.0.1 and free ports. */
export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/fuzz/**/*.test.ts'],
          globalSetup: runFolder,
          // Most of the time went into loading the same modules for each file.
          isolate: false,
          ...timeLimits,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: [runFolder, bundles],
          // More than there are cores: they wait for other processes most of the time.
          maxWorkers: 4,
          ...timeLimits,
        },
      },
      // Only by `npm test -- rabbitmq`: needs a package that nothing else does.
      { test: { name: 'rabbitmq', include: ['test/rabbitmq/**/*.test.ts'], globalSetup: [runFolder, bundles], ...timeLimits } },
    ],
  },
});
