/** Opens the native module, `native/talos-kernel.node` in this package, and checks that it is one. */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { KERNEL_REVISION, type Kernel } from './kernel.ts'

/** Where `tools/src/build-kernel.js` puts it; as far from the sources as from the build. */
export const NATIVE_MODULE_PATH = fileURLToPath(new URL('../native/talos-kernel.node', import.meta.url))

/** Every method of the port but the one that it leaves to the portable kernel. */
export const NATIVE_OPERATIONS = [
  'sha256',
  'hmacSha256',
  'hkdfSha256',
  'aeadSeal',
  'aeadOpen',
  'ed25519PublicKey',
  'ed25519Sign',
  'ed25519Verify',
  'x25519PublicKey',
  'x25519',
  'mlkem768EncapsulationKey',
  'mlkem768Encapsulate',
  'mlkem768Decapsulate',
  'ratchetStep',
  'ratchetSeal',
  'ratchetOpen',
  'ratchetReceive',
  'ratchetTurn',
  'ratchetForward',
  'ratchetAdvance',
  'handshakeInitiate',
  'handshakeRespond',
  'verifyEnvelopes',
  'verifyEntries',
  'leafHashes',
  'nodeHash',
  'appendLeaves',
  'appendBundle',
  'hashUp',
] as const satisfies readonly (keyof Kernel)[]

/**
 * A function of the module: reads a block and leaves its answer there (see `native-block.ts`). Gives 0 or more where the work
 * is done, a negative number where it is not.
 */
export type NativeCall = (block: Uint8Array) => number

type NativeOperation = (typeof NATIVE_OPERATIONS)[number]

export type NativeModule = Readonly<Record<NativeOperation, NativeCall>> & {
  /** Of the boundary and what lies behind it: a module of another one is not used. */
  readonly revision: number
  /** Of the crate, and what it was built for. */
  readonly version: string
}

/** Why a native kernel does not serve. */
export interface Unavailable {
  readonly reason: string
  readonly cause?: unknown
}

const load = createRequire(import.meta.url)

/** The module in that file, or why it is none: not built, not loadable here, no kernel, of another revision. */
export function openNativeModule(path: string): NativeModule | Unavailable {
  let exported: unknown
  try {
    exported = load(path)
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND'
    return { reason: missing ? 'it is not built' : 'the module does not load', cause }
  }
  if (!isNativeModule(exported)) return { reason: 'the module is no kernel' }
  if (exported.revision === KERNEL_REVISION) return exported
  return { reason: `the module has revision ${exported.revision} where ${KERNEL_REVISION} is due` }
}

function isNativeModule(exported: unknown): exported is NativeModule {
  if (typeof exported !== 'object' || exported === null) return false
  const members = new Map(Object.entries(exported))
  return (
    typeof members.get('version') === 'string' &&
    Number.isSafeInteger(members.get('revision')) &&
    NATIVE_OPERATIONS.every((operation) => typeof members.get(operation) === 'function')
  )
}
