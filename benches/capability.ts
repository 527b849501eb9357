/**
 * `npm run bench:capability`: capabilities of Talos against bare signatures and against other systems of tokens.
 *
 * How it is measured and how to read it: docs/benchmarks.md.
 */
import { floor } from './capability/floor.ts'
import { findPeers, missingPeers } from './capability/peers.ts'
import { tokenScenarios } from './capability/system.ts'
import { talosSystem } from './capability/talos.ts'
import { TOKEN_TARGETS } from './capability/targets.ts'
import { type Bench, main, type Options } from './harness/command.ts'
import { findKernels, kernelList } from './harness/kernels.ts'
import { judgeRatio } from './harness/targets.ts'

async function prepare(options: Options | 'help'): Promise<Bench> {
  const kernels = findKernels()
  const peers = findPeers({ install: options !== 'help' && options.install })
  return {
    name: 'capability',
    about: 'Measures capabilities: minting, verifying cold, against bare signatures and other systems of tokens.',
    scenarios: tokenScenarios([...kernelList(kernels).map(talosSystem), floor, ...peers]),
    judge: (measured) => ({
      facts: [],
      targets: TOKEN_TARGETS.map((target) => judgeRatio(target, measured)),
      notes: [
        ...missingPeers().map((name) => `${name} was not measured.`),
        ...(kernels.native === undefined ? ['The native kernel is not built: it was not measured.'] : []),
      ],
    }),
  }
}

await main(prepare)
