/** An executor whose views can be changed between two calls: what the authorizer's tests here share. */
import { type Cid, Secret } from '@talos/bytes'
import {
  Authorizer,
  type CachingOptions,
  type CallProof,
  callMac,
  type DelegateOptions,
  epochNonce,
  Meter,
  type ReplayRecord,
  ReplaySet,
  type RevocationState,
  type RevocationView,
  type ToolRequirements,
  toolRequirements,
  type Verdict,
  type WriteCallOptions,
  writeCall,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import type { SignedEnvelope } from '@talos/identity'
import { alice, bob, COMMAND, grant, kernel, NOW_S, nonce, owner } from './actors.ts'
import { MemoryMeters } from './memory-meters.ts'

export const EPOCH = new Uint8Array(16).fill(7)
export const KEY = Secret.of(new Uint8Array(32).fill(9))

/** A durable record in memory, with failures on demand. */
export class MemoryRecord implements ReplayRecord {
  readonly used = new Map<string, number>()
  places = Number.POSITIVE_INFINITY
  canRelease = true
  /** How the next claim fails: before it took effect, or after. */
  failure: 'not stored' | 'stored' | undefined
  steps = 0

  has(cid: Cid): boolean {
    return this.used.has(cid.toString())
  }

  claim({ cid, expiresS, nowS }: Parameters<ReplayRecord['claim']>[0]): ReturnType<ReplayRecord['claim']> {
    this.steps += 1
    const { failure } = this
    this.failure = undefined
    if (failure === 'not stored') throw new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'it failed' })
    if (expiresS < nowS) return 'expired'
    if (this.has(cid)) return 'replayed'
    if (this.used.size >= this.places) return 'full'
    this.used.set(cid.toString(), expiresS)
    if (failure === 'stored') throw new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'it failed' })
    return 'fresh'
  }

  release(cid: Cid): void {
    if (!this.canRelease) throw new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'it failed' })
    this.used.delete(cid.toString())
  }
}

/** Revocations by name, and when each issuer was heard of last. */
export class MemoryRevocations implements RevocationView {
  readonly revoked = new Set<string>()
  readonly knownS = new Map<Did, number>()

  stateOf({ names, entitled }: Parameters<RevocationView['stateOf']>[0]): RevocationState {
    const isRevoked = names.some((name) => this.revoked.has(name))
    return isRevoked ? { revoked: true, by: entitled[0] ?? owner.did, atS: NOW_S - 1 } : { revoked: false }
  }

  knownAtS(issuer: Did): number | undefined {
    return this.knownS.get(issuer)
  }
}

/** The owner as executor; `tool` is what it asks of every command, and may be changed. */
export class Executor {
  readonly record = new MemoryRecord()
  readonly replay = new ReplaySet({ epoch: EPOCH, earlier: [], record: this.record })
  readonly revocations = new MemoryRevocations()
  readonly meters = new MemoryMeters()
  readonly meter = new Meter({ store: this.meters })
  readonly authorizer: Authorizer
  tool: ToolRequirements = toolRequirements({ proof: 'channel' })
  nowMs = NOW_S * 1000

  constructor(changes: Partial<CachingOptions> = {}) {
    this.authorizer = new Authorizer({
      executor: owner.did,
      kernel,
      revocations: this.revocations,
      replay: this.replay,
      meter: this.meter,
      requirements: () => this.tool,
      ...changes,
    })
  }

  decide(proof: CallProof, proofs: readonly SignedEnvelope[], approvals: readonly SignedEnvelope[] = []): Verdict {
    return this.authorizer.authorize(this.#given(proof, proofs, approvals))
  }

  explain(proof: CallProof, proofs: readonly SignedEnvelope[], approvals: readonly SignedEnvelope[] = []): Verdict {
    return this.authorizer.explain(this.#given(proof, proofs, approvals))
  }

  #given(proof: CallProof, proofs: readonly SignedEnvelope[], approvals: readonly SignedEnvelope[]) {
    return {
      proof,
      proofs: proofs.map(({ bytes }) => bytes),
      approvals: approvals.map(({ bytes }) => bytes),
      bytes: 100,
      nowMs: this.nowMs,
    }
  }
}

/** A bare call by Alice to the owner, which names the executor's epoch. */
export function bare(proofs: readonly SignedEnvelope[], changes: Partial<WriteCallOptions> = {}): SignedEnvelope {
  return writeCall({
    kernel,
    issuer: alice.did,
    audience: owner.did,
    subject: owner.did,
    command: COMMAND,
    args: {},
    proofs: proofs.map(({ cid }) => cid),
    nonce: epochNonce({ epoch: EPOCH, random: nonce() }),
    issuedAtS: NOW_S,
    ...changes,
  })
}

export function byMac(call: SignedEnvelope, holder: Did = alice.did): CallProof {
  return { level: 'mac', call: call.bytes, mac: callMac(call.bytes, { key: KEY, kernel }), key: KEY, holder }
}

export function byChannel(call: SignedEnvelope, holder: Did = alice.did): CallProof {
  return { level: 'channel', call: call.bytes, holder }
}

export function bySignature(invocation: SignedEnvelope): CallProof {
  return { level: 'signature', invocation: invocation.bytes }
}

const BY_CHANNEL = { need: 'channel', rules: [['known', '.path?']] } as const satisfies Partial<DelegateOptions>

/** Owner to Bob to Alice, both for calls by channel. */
export async function twoLinks(
  first: Partial<DelegateOptions> = {},
  last: Partial<DelegateOptions> = {},
): Promise<readonly [SignedEnvelope, SignedEnvelope]> {
  return [
    await grant({ ...BY_CHANNEL, audience: bob.did, depth: 1, ...first }),
    await grant({ ...BY_CHANNEL, signer: bob, ...last }),
  ]
}
