/** The portable kernel in Node: `node:crypto` where it is there and faster, noble for the rest. */
import * as nodeCrypto from 'node:crypto'
import { nodeAead } from './aead-node.ts'
import { composeKernel } from './compose.ts'
import { nodeCurves } from './curves-node.ts'
import { nodeHash } from './hash-node.ts'
import { nobleKem } from './kem-noble.ts'
import { type NodeKemFunctions, nodeKem } from './kem-node.ts'
import type { Kernel } from './kernel.ts'
import { noblePassword } from './password-noble.ts'
import { type NodePasswordFunctions, nodePassword } from './password-node.ts'

/**
 * A new kernel with a cache of public keys of its own: make one for a process and hand it on.
 *
 * @param functions what this Node offers beyond its floor; where a function is absent, noble serves
 */
export function portableKernel(functions: NodeKemFunctions & NodePasswordFunctions = nodeCrypto): Kernel {
  return composeKernel({
    hash: nodeHash,
    aead: nodeAead,
    curves: nodeCurves(),
    kem: nodeKem(functions) ?? nobleKem,
    password: nodePassword(functions) ?? noblePassword,
  })
}
