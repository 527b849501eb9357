import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const COMPLETE = { branches: 100 }
const NATIVE_KERNEL = join(import.meta.dirname, 'packages/crypto/kernel/native/talos-kernel.node')
/** What only reads vectors is read on the native kernel as well, where it is built; the rest of the kernel's tests choose. */
const NATIVE_TOO = [
  'packages/crypto/merkle/test/vectors.test.ts',
  'packages/protocol/*/test/vectors.test.ts',
  'packages/protocol/proof/test/flips.test.ts',
]

/** Tests run from the sources (condition `talos-source`); those that start the CLI use the build in `dist`. */
export default defineConfig({
  resolve: { conditions: ['talos-source'] },
  ssr: { resolve: { conditions: ['talos-source'] } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One core is left free only where there are more than two: many tests wait for processes and disks.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: [
            'packages/**/test/**/*.test.ts',
            'apps/**/test/**/*.test.ts',
            'tools/test/**/*.test.ts',
            'examples/**/*.test.ts',
            'benches/test/**/*.test.ts',
          ],
        },
      },
      ...(existsSync(NATIVE_KERNEL)
        ? [
            {
              extends: true as const,
              test: { name: 'native', include: NATIVE_TOO, env: { TALOS_TEST_KERNEL: 'native' } },
            },
          ]
        : []),
    ],
    reporters: ['default', './tools/src/closing-line-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/crypto/*/src/**', 'packages/protocol/*/src/**'],
      reporter: [['text', { skipFull: true }]],
      thresholds: { 'packages/crypto/**': COMPLETE, 'packages/protocol/**': COMPLETE },
    },
  },
})
