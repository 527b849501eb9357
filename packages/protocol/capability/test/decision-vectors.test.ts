/** Every case of contracts/vectors/capability about bare calls, the record of used calls, and whole decisions. */
import { Cid, fromHex, Secret, toHex } from '@talos/bytes'
import {
  Authorizer,
  type CallProof,
  type ExecutorPolicy,
  type IdentityStanding,
  isCallMac,
  Meter,
  type ReplayAnswer,
  ReplaySet,
  readCall,
  type ToolRequirements,
  toolRequirements,
  type Verdict,
} from '@talos/capability'
import { type Did, parseDid } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, test } from 'vitest'
import { codesOf, kernel } from './actors.ts'
import { MemoryRecord, MemoryRevocations } from './executor.ts'
import { MemoryMeters } from './memory-meters.ts'

interface CallInput {
  readonly callHex: string
  readonly keyHex: string
  readonly macHex: string
}

describe('call.json', () => {
  test.each(repoVectors('capability/call.json').cases)('$id, clause $clause: $description', (vector) => {
    const { callHex, keyHex, macHex } = vector.input as unknown as CallInput
    const call = fromHex(callHex)
    const key = Secret.of(fromHex(keyHex))
    expect(shownCall(call, { key, mac: fromHex(macHex) })).toEqual(
      // A form that is refused has the right code: that is not what refuses it.
      vector.valid ? vector.expected : { error: vector.error, mac: true },
    )
  })
})

function shownCall(call: Uint8Array, { key, mac }: { readonly key: Secret; readonly mac: Uint8Array }): object {
  const isMac = isCallMac(mac, { call, key, kernel })
  try {
    const { cid, issuer, audience, command, proofs, expiresS, justification = null } = readCall(call, { kernel })
    const said = { issuer, audience, command, proofs: proofs.map(String), expiresS, justification }
    return { cid: cid.toString(), ...said, mac: isMac }
  } catch (error) {
    if (!isTalosError(error)) throw error
    return { error: error.code, mac: isMac }
  }
}

interface EarlierInput {
  readonly epochHex: string
  readonly endedS: number
}

interface ReplayInput {
  readonly epochHex: string
  readonly earlier: readonly EarlierInput[]
  readonly maxPerIssuer?: number
  readonly maxCalls?: number
  readonly steps: readonly {
    readonly cid: string
    readonly issuer: Did
    readonly nonceHex: string
    readonly nowS: number
    readonly expiresS: number
  }[]
}

const earlierOf = (earlier: readonly EarlierInput[]) =>
  earlier.map(({ epochHex, endedS }) => ({ epoch: fromHex(epochHex), endedS }))

describe('replay.json', () => {
  test.each(repoVectors('capability/replay.json').cases)('$id, clause $clause: $description', (vector) => {
    const { epochHex, earlier, steps, ...bounds } = vector.input as unknown as ReplayInput
    const record = new MemoryRecord()
    const replay = new ReplaySet({ epoch: fromHex(epochHex), earlier: earlierOf(earlier), record, ...bounds })
    const answers: ReplayAnswer[] = []
    const kept = steps.map(({ cid, issuer, nonceHex, nowS, expiresS }) => {
      const use = { cid: Cid.parse(cid), issuer, nonce: fromHex(nonceHex), expiresS }
      const foreseen = replay.peek(use, nowS)
      const answer = replay.take(use, nowS)
      expect(foreseen).toBe(answer)
      answers.push(answer)
      return [replay.size, record.used.size]
    })
    expect({ answers, kept }).toEqual(vector.valid && vector.expected)
  })
})

interface DecisionInput {
  readonly proof: {
    readonly level: CallProof['level']
    readonly invocationHex: string
    readonly callHex: string
    readonly keyHex: string
    readonly macHex: string
    readonly holder?: Did
  }
  readonly proofsHex: readonly string[]
  readonly approvalsHex?: readonly string[]
  readonly executor: string
  readonly former?: readonly Did[]
  readonly nowMs: number
  readonly bytes: number
  readonly epochHex: string
  readonly earlier: readonly EarlierInput[]
  readonly tool: Partial<ToolRequirements>
  readonly known?: Readonly<Record<Did, number>>
  readonly revoked?: readonly string[]
  readonly agents?: readonly (readonly Did[])[]
  readonly standing?: Readonly<Record<string, IdentityStanding>>
  readonly environment?: Readonly<Record<string, string>>
  readonly policy?: 'deny'
  readonly commands?: readonly string[]
  readonly used?: readonly string[]
  /** Calls that were charged before. */
  readonly charged?: number
  readonly metered?: boolean
}

function proofOf({ level, invocationHex, callHex, keyHex, macHex, holder }: DecisionInput['proof']): CallProof {
  if (level === 'signature') {
    return { level, invocation: fromHex(invocationHex), ...(holder === undefined ? {} : { holder }) }
  }
  if (holder === undefined) throw new Error('a bare call comes in a session')
  if (level === 'channel') return { level, call: fromHex(callHex), holder }
  return { level, call: fromHex(callHex), key: Secret.of(fromHex(keyHex)), mac: fromHex(macHex), holder }
}

function decideVector(input: DecisionInput): Verdict {
  const {
    agents = [],
    standing = {},
    known = {},
    revoked = [],
    commands,
    used = [],
    charged = 0,
    metered = true,
  } = input
  const revocations = new MemoryRevocations()
  for (const name of revoked) revocations.revoked.add(name)
  for (const [did, knownAtS] of Object.entries(known)) revocations.knownS.set(parseDid(did), knownAtS)
  const record = new MemoryRecord()
  const replay = new ReplaySet({ epoch: fromHex(input.epochHex), earlier: earlierOf(input.earlier), record })
  const executor = parseDid(input.executor)
  for (const cid of used) {
    const nowS = input.nowMs / 1000
    replay.take({ cid: Cid.parse(cid), issuer: executor, nonce: replay.epoch, expiresS: nowS + 60 }, nowS)
  }
  const meter = new Meter({ store: new MemoryMeters() })
  const policy: ExecutorPolicy = { decide: () => ({ outcome: 'deny', reasons: ['policy0'] }) }
  const authorizer = new Authorizer({
    executor,
    formerExecutors: input.former ?? [],
    kernel,
    revocations,
    replay,
    ...(metered ? { meter } : {}),
    identities: {
      currentOf: (did) => agents.find((keys) => keys.includes(did))?.[0] ?? did,
      standingOf: (did) => standing[did] ?? 'current',
    },
    requirements: () => toolRequirements(input.tool),
    environment: new Map(Object.entries(input.environment ?? {})),
    ...(input.policy === undefined ? {} : { policy }),
    ...(commands === undefined ? {} : { hasCommand: (command: string) => commands.includes(command) }),
  })
  const proofs = input.proofsHex.map(fromHex)
  const [root] = proofs
  for (let call = 0; call < charged && root !== undefined; call += 1) {
    const { accounts } = authorizer.chain([root], executor).chain
    meter.charge(accounts, { nowMs: input.nowMs, bytes: 0, args: {}, cost: () => undefined })
  }
  const approvals = (input.approvalsHex ?? []).map(fromHex)
  const { nowMs, bytes } = input
  return authorizer.authorize({ proof: proofOf(input.proof), proofs, approvals, bytes, nowMs })
}

function shown(verdict: Verdict): object {
  if (verdict.outcome === 'deny') return codesOf(verdict).slice(1)
  const call = verdict.invocation.cid.toString()
  if (verdict.outcome === 'refer') {
    const { digest, missing } = verdict
    return { outcome: 'refer', call, digestHex: toHex(digest), missing }
  }
  const { level, revocation, chain } = verdict
  return { outcome: 'allow', call, links: chain.length, level, revocation }
}

describe('authorize-decision.json', () => {
  const { cases } = repoVectors('capability/authorize-decision.json')
  const codes = (vector: VectorCase) => (vector as unknown as { readonly codes?: readonly string[] }).codes ?? []

  test.each(cases)('$id, clause $clause: $description', (vector) => {
    const verdict = decideVector(vector.input as unknown as DecisionInput)
    expect(shown(verdict)).toEqual(vector.valid ? vector.expected : codes(vector))
  })

  test('reach each reason of this page that needs more than a signed call', () => {
    const reasons = new Set(cases.flatMap(codes))
    for (const code of [
      'CAPABILITY_PROOF_INVALID',
      'CAPABILITY_PROOF_LEVEL',
      'CAPABILITY_EPOCH',
      'CAPABILITY_STALE',
      'CAPABILITY_KEY',
      'CAPABILITY_JUSTIFICATION',
      'CAPABILITY_POLICY_DENIED',
      'CAPABILITY_UNMETERED',
      'CAPABILITY_ENVIRONMENT',
      'CAPABILITY_CALLS',
    ]) {
      expect(reasons).toContain(code)
    }
  })
})
