/** A whole proof bundle, with everything that one can hold, against the sum of its signature checks by the same kernel. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kernel } from '@talos/kernel'
import { signaturesOf, verifyProofBundle } from '@talos/proof'
import type { Scenario } from '../harness/command.ts'
import { type Kernels, kernelList } from '../harness/kernels.ts'
import { repeat, type Subject } from '../harness/measure.ts'

export const BUNDLE = 'bundle'
/** Some thousand functions run once or twice in a verification: V8 has compiled them all after some thousand verifications. */
const WARM_UP_MS = 10_000
const VECTORS = join(import.meta.dirname, '..', '..', 'contracts', 'vectors', 'proof', 'full.json')

export function bundleScenario(kernels: Kernels): Scenario {
  const makers = new Map(
    kernelList(kernels).flatMap((kernel): [string, () => Subject][] => [
      [`talos ${kernel.name}`, () => ({ ...repeat(`talos ${kernel.name}`, verify(kernel)), warmUpMs: WARM_UP_MS })],
      [signaturesName(kernel.name), () => repeat(signaturesName(kernel.name), signatures(kernel))],
    ]),
  )
  return {
    id: BUNDLE,
    title: 'Verifying a proof bundle with later checkpoints, witnesses, lists and an anchor; its signatures alone',
    subjectNames: [...makers.keys()],
    open: async (names) => ({ subjects: [...makers].filter(([name]) => names.has(name)).map(([, make]) => make()) }),
  }
}

export function signaturesName(kernelName: string): string {
  return `signatures alone, ${kernelName}`
}

interface Vectors {
  readonly cases: readonly { readonly input: { readonly bundle: string; readonly nowS: number } }[]
}

function fullBundle(): { readonly bundle: string; readonly nowS: number } {
  const [first] = (JSON.parse(readFileSync(VECTORS, 'utf8')) as Vectors).cases
  if (first === undefined) throw new Error('there is no vector of a whole bundle')
  return first.input
}

function verify(kernel: Kernel): () => void {
  const { bundle, nowS } = fullBundle()
  return () => {
    if (!verifyProofBundle(bundle, { kernel, nowS }).valid) throw new Error('the bundle is not valid')
  }
}

function signatures(kernel: Kernel): () => void {
  const { bundle, nowS } = fullBundle()
  const checks = signaturesOf(bundle, { kernel, nowS })
  return () => {
    for (const { publicKey, message, signature } of checks) {
      if (!kernel.ed25519Verify(publicKey, message, signature)) throw new Error('a signature does not verify')
    }
  }
}
