/** The portable kernel on noble alone: no `node:` import below this file, so that it runs in browsers. */
import { nobleAead } from './aead-noble.ts'
import { composeKernel } from './compose.ts'
import { nobleCurves } from './curves-noble.ts'
import { nobleHash } from './hash-noble.ts'
import { nobleKem } from './kem-noble.ts'
import type { Kernel } from './kernel.ts'
import { noblePassword } from './password-noble.ts'

/** The kernel for engines without `node:crypto`; also the second opinion that the vectors run against. */
export function nobleKernel(): Kernel {
  return composeKernel({
    hash: nobleHash,
    aead: nobleAead,
    curves: nobleCurves,
    kem: nobleKem,
    password: noblePassword,
  })
}
