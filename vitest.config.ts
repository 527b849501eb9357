import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const COMPLETE = { branches: 100 }

/** Tests run from the sources (condition `talos-source`); those that start the CLI use the build in `dist`. */
export default defineConfig({
  resolve: { conditions: ['talos-source'] },
  ssr: { resolve: { conditions: ['talos-source'] } },
  test: {
    include: [
      'packages/**/test/**/*.test.ts',
      'apps/**/test/**/*.test.ts',
      'tools/test/**/*.test.ts',
      'examples/**/*.test.ts',
      'benches/test/**/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One core is left free only where there are more than two: many tests wait for processes and disks.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ['default', './tools/src/closing-line-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/crypto/*/src/**', 'packages/protocol/*/src/**'],
      reporter: [['text', { skipFull: true }]],
      thresholds: { 'packages/crypto/**': COMPLETE, 'packages/protocol/**': COMPLETE },
    },
  },
})
