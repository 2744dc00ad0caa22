import { defineConfig } from 'vitest/config';

/** unit: no I/O beyond the project's own files. integration: real components, on 127.0.0.1 and free ports. */
export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/fuzz/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      // Only by `npm test -- rabbitmq`: needs a package that nothing else does.
      { test: { name: 'rabbitmq', include: ['test/rabbitmq/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
});
