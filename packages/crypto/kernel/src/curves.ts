/** Curve methods: Ed25519 (RFC 8032, section 5.1, by the one rule of `ed25519-rule.ts`) and X25519 (RFC 7748). */
import { TalosError } from '@talos/errors'
import { requireLength } from './arguments.ts'
import { isAdmissibleEd25519 } from './ed25519-rule.ts'
import type { CurveEngine } from './engines.ts'
import { ED25519_SEED_BYTES, type Kernel, X25519_KEY_BYTES } from './kernel.ts'

type CurveMethods = Pick<Kernel, 'ed25519PublicKey' | 'ed25519Sign' | 'ed25519Verify' | 'x25519PublicKey' | 'x25519'>

export function curveMethods(curves: CurveEngine): CurveMethods {
  return {
    ed25519PublicKey: (seed) => {
      requireLength('seed', seed, ED25519_SEED_BYTES)
      return curves.ed25519PublicKey(seed)
    },
    ed25519Sign: (seed, message) => {
      requireLength('seed', seed, ED25519_SEED_BYTES)
      return curves.ed25519Sign(seed, message)
    },
    ed25519Verify: (publicKey, message, signature) => {
      const input = { publicKey, message, signature }
      return isAdmissibleEd25519(input) && curves.ed25519Equation(input)
    },
    x25519PublicKey: (secret) => {
      requireLength('secret', secret, X25519_KEY_BYTES)
      return curves.x25519PublicKey(secret)
    },
    x25519: (secret, publicKey) => {
      requireLength('secret', secret, X25519_KEY_BYTES)
      requireLength('publicKey', publicKey, X25519_KEY_BYTES)
      const shared = curves.x25519(secret, publicKey)
      if (shared === undefined) throw new TalosError('KERNEL_LOW_ORDER')
      return shared
    },
  }
}
