/**
 * How long a revocation takes to reach an executor: two agents of this process, linked by TLS on loopback, with a session.
 *
 * An owner serves; a holder passes on what it has, and takes it back. A call by whoever got it is tried at the owner without
 * a pause from the moment at which the holder is told to revoke.
 */
import { performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { Secret } from '@talos/bytes'
import { Authorizer, DEFAULT_REQUIREMENTS, EPOCH_BYTES, Meter, ReplaySet } from '@talos/capability'
import type { TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import { ed25519Signer } from '@talos/identity'
import { systemRandom } from '@talos/kernel'

const COMMAND = '/mcp/files/tool/read'
const TERMS = { expiresInS: 3_600, need: 'channel' } as const

export interface Propagation {
  /** Milliseconds from the order to revoke to the first call that was refused, one for each round. */
  readonly refusedMs: readonly number[]
  /** Milliseconds from the order until `revokeCapability` was done, one for each round. */
  readonly doneMs: readonly number[]
}

/** Measures so many revocations, one after the other. `owner` and `holder` have a session and a link. */
export async function measurePropagation(agents: {
  readonly owner: TalosClient
  readonly holder: TalosClient
  readonly rounds: number
}): Promise<Propagation> {
  const { owner, holder, rounds } = agents
  const root = await owner.grantCapability({ ...TERMS, to: holder.did, command: COMMAND, depth: 1 })
  await owner.sendCapability(holder.did, root.cid)
  const caller = ed25519Signer({ kernel: owner.kernel, seed: Secret.of(systemRandom.bytes(32)) }).did
  const authorizer = authorizerOf(owner)
  const refusedMs: number[] = []
  const doneMs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const passed = await holder.delegateCapability({ ...TERMS, parent: root.cid, to: caller })
    const isAllowed = callOf(authorizer, { proofs: [root.bytes, passed.bytes], caller })
    if (!isAllowed()) throw new RangeError('the call is refused before anything is revoked')
    const beganMs = performance.now()
    const done = holder.revokeCapability(passed.cid).then(() => performance.now() - beganMs)
    while (isAllowed()) await turn()
    refusedMs.push(performance.now() - beganMs)
    doneMs.push(await done)
  }
  return { refusedMs, doneMs }
}

/** The smallest of the values that so large a part of them does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted.at(Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)) ?? Number.NaN
}

function authorizerOf(owner: TalosClient): Authorizer {
  return new Authorizer({
    executor: owner.did,
    kernel: owner.kernel,
    revocations: owner.revocations,
    replay: new ReplaySet({ epoch: systemRandom.bytes(EPOCH_BYTES), earlier: [], record: owner.database.replay }),
    meter: new Meter({ store: owner.database.meters }),
    requirements: () => ({ ...DEFAULT_REQUIREMENTS, proof: 'channel' }),
  })
}

function callOf(
  authorizer: Authorizer,
  { proofs, caller }: { readonly proofs: readonly Uint8Array[]; readonly caller: Did },
): () => boolean {
  const chain = authorizer.chain(proofs, caller)
  return () => {
    const nowMs = Date.now()
    return authorizer.authorizeChannel(chain, { command: COMMAND, args: {}, nowMs, bytes: 1 }).outcome === 'allow'
  }
}
