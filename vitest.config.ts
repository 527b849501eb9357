import { defineConfig } from 'vitest/config'

/** Tests run from the sources (condition `talos-source`); those that start processes use the build in `dist`. */
export default defineConfig({
  resolve: { conditions: ['talos-source'] },
  ssr: { resolve: { conditions: ['talos-source'] } },
  test: {
    include: [
      'packages/**/test/**/*.test.ts',
      'apps/**/test/**/*.test.ts',
      'tools/test/**/*.test.ts',
      'examples/**/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', './tools/src/closing-line-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/crypto/*/src/**', 'packages/protocol/*/src/**'],
      exclude: [],
      reporter: ['text-summary', 'json'],
      thresholds: { branches: 100 },
    },
  },
})
