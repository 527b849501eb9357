/** Puts a kernel together from one engine per concern. */
import { aeadMethods } from './aead.ts'
import { curveMethods } from './curves.ts'
import type { KernelEngines } from './engines.ts'
import { evidenceMethods } from './evidence.ts'
import { handshakeMethods } from './handshake.ts'
import { hashMethods } from './hash.ts'
import { kemMethods } from './kem.ts'
import type { Kernel } from './kernel.ts'
import { passwordMethods } from './password.ts'
import { ratchetMethods } from './ratchet.ts'
import { chainMethods } from './ratchet-chain.ts'
import { treeMethods } from './tree.ts'

export function composeKernel(engines: KernelEngines): Kernel {
  const hash = hashMethods(engines.hash)
  const tree = treeMethods(engines.hash)
  const curves = curveMethods(engines.curves)
  const kem = kemMethods(engines.kem)
  return {
    name: 'portable',
    ...hash,
    ...tree,
    ...aeadMethods(engines.aead),
    ...curves,
    ...kem,
    ...passwordMethods(engines.password),
    ...chainMethods(engines.hash),
    ...ratchetMethods(engines),
    ...handshakeMethods({ ...hash, ...curves, ...kem }),
    ...evidenceMethods({ ...hash, ...tree, ...curves }),
  }
}
