/** The accounts that the metering tests charge: a parent, and two children below it. */
import { Secret, utf8 } from '@talos/bytes'
import { type Account, accountsOf, delegate, openDelegation } from '@talos/capability'
import { ed25519Signer } from '@talos/identity'
import { portableKernel } from '@talos/kernel'

/** Calls in a second, and at once, of the parent. */
export const RATE = { most: 400, burst: 40 } as const
/** Bytes of the parent for each of its calls. */
export const BYTES_PER_CALL = 24

/** The parent may make so many calls, each child three quarters of them. */
export async function family(calls: number): Promise<readonly Account[]> {
  const kernel = portableKernel()
  const signer = ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(1)) })
  const link = async (name: string, limits: readonly (readonly (string | number)[])[]) => {
    const options = { signer, audience: signer.did, subject: signer.did, command: '/', expiresS: null }
    const { bytes } = await delegate({ ...options, nonce: utf8(name.padEnd(12)), limits })
    return openDelegation(bytes, { kernel })
  }
  const parent = await link('parent', [
    ['calls', calls],
    ['rate', RATE.most, 1, RATE.burst],
    ['bytes', calls * BYTES_PER_CALL],
    ['concurrency', 1],
  ])
  const share = Math.ceil((calls * 3) / 4)
  const children = [await link('one', [['calls', share]]), await link('other', [['calls', share]])]
  const [first, ...others] = children.map((child) => accountsOf([parent, child]))
  return [...(first ?? []), ...others.flatMap((accounts) => accounts.slice(1))]
}
