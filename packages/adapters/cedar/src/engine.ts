/** The policy engine: Cedar, compiled to WebAssembly by its makers. Loaded when a policy is first used, and not before. */
import { TalosError } from '@talos/errors'

/** The version that this package is tested with. */
export const CEDAR_VERSION = '4.13.0'
const CEDAR_PACKAGE = '@cedar-policy/cedar-wasm'

export type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs')

/** @throws TalosError `POLICY_ENGINE_MISSING` */
export async function loadCedar(
  load: () => Promise<Cedar> = () => import('@cedar-policy/cedar-wasm/nodejs'),
): Promise<Cedar> {
  try {
    return await load()
  } catch (cause) {
    throw new TalosError('POLICY_ENGINE_MISSING', { package: CEDAR_PACKAGE, version: CEDAR_VERSION }, { cause })
  }
}
