/** Puts a kernel together from one engine per concern. */
import { aeadMethods } from './aead.ts'
import { curveMethods } from './curves.ts'
import type { KernelEngines } from './engines.ts'
import { hashMethods } from './hash.ts'
import { kemMethods } from './kem.ts'
import type { Kernel } from './kernel.ts'
import { passwordMethods } from './password.ts'
import { ratchetMethods } from './ratchet.ts'

export function composeKernel(engines: KernelEngines): Kernel {
  return {
    name: 'portable',
    ...hashMethods(engines.hash),
    ...aeadMethods(engines.aead),
    ...curveMethods(engines.curves),
    ...kemMethods(engines.kem),
    ...passwordMethods(engines.password),
    ...ratchetMethods(engines),
  }
}
