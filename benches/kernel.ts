/**
 * `npm run bench:kernel`: the calls of the kernel port, by backend, against `node:crypto` and noble.
 *
 * How it is measured and how to read it: docs/benchmarks.md.
 */
import { type Bench, main } from './harness/command.ts'
import { findKernels } from './harness/kernels.ts'
import { judgeRatio, type RatioTarget } from './harness/targets.ts'
import { kernelScenarios, VERIFY_ONE, VERIFY_RUN } from './kernel/scenarios.ts'

const NATIVE = { subject: 'native', reference: 'node', direction: 'at least', reach: 2 } as const

const TARGETS: readonly RatioTarget[] = [
  { ...NATIVE, id: VERIFY_ONE, scenario: VERIFY_ONE, title: 'Ed25519 verification against node:crypto' },
  { ...NATIVE, id: VERIFY_RUN, scenario: VERIFY_RUN, title: '1,000 signed entries against one by one in node:crypto' },
]

async function prepare(): Promise<Bench> {
  const kernels = findKernels()
  const missing = 'The native kernel is not built on this machine: it was not measured.'
  return {
    name: 'kernel',
    about: 'Measures each hot call of the kernel: native, portable, noble alone, and the same work by node:crypto.',
    scenarios: kernelScenarios(kernels),
    judge: (measured) => ({
      facts: [],
      targets: TARGETS.map((target) => judgeRatio(target, measured)),
      notes: kernels.native === undefined ? [missing] : [],
    }),
  }
}

await main(prepare)
