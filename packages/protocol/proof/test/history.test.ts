/** Bundles of agents that had other keys: built again from their parts (spec 12-proof-bundle, 12.4 and 12.11). */
import { fromBase64, fromBase64url, fromUtf8 } from '@talos/bytes'
import type { VerifiedRevocation } from '@talos/capability'
import { type Did, parseProofBundle } from '@talos/contracts'
import type { VerifiedKeyLog } from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { buildProofBundle, readKeyLog, verifyProofBundle } from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { isRevokedByAgent, linkByAgent, namesByAgent } from '../src/histories.ts'

const kernel = portableKernel()
const textOf = (entries: readonly string[]) => entries.map((entry) => `${fromUtf8(fromBase64url(entry))}\n`).join('')

describe('building', () => {
  it.each(repoVectors('proof/history.json').cases.map(({ id, input }) => [id, String(input['bundle'])] as const))(
    'makes %s again from its parts',
    (_id, text) => {
      const { identity, authority, intent, execution, logs, witnesses } = parseProofBundle(JSON.parse(text))
      if (!identity || !authority || !intent || !execution) throw new Error('a layer is missing')
      const side = ({ did, logKey, history }: Pick<typeof identity.agent, 'did' | 'logKey' | 'history'>) => ({
        did,
        logKey: fromBase64url(logKey),
        ...(history.length > 0 && { history: textOf(history) }),
      })
      const inclusion = ({ entry, proof }: typeof intent.inclusion) => ({ entry: fromBase64url(entry), proof })
      const built = buildProofBundle({
        kernel,
        agent: side(identity.agent),
        executor: side(identity.executor),
        ...(identity.others !== undefined && { histories: identity.others.map(({ entries }) => textOf(entries)) }),
        proofs: authority.proofs.map((proof) => fromBase64url(proof)),
        ...(intent.invocation !== undefined && { invocation: fromBase64url(intent.invocation) }),
        intent: inclusion(intent.inclusion),
        receipt: fromBase64url(execution.receipt),
        outcome: inclusion(execution.inclusion),
        ...(execution.invoked !== undefined && { invoked: inclusion(execution.invoked) }),
        ...(logs?.agent !== undefined && {
          logs: {
            agent: {
              checkpoint: logs.agent.checkpoint,
              consistency: logs.agent.consistency.map((hash) => fromBase64(hash)),
            },
          },
        }),
        witnesses: witnesses.map(side),
      })
      expect(built).toBe(text)
    },
  )
})

describe("the verifier's own key logs", () => {
  const [rotated] = repoVectors('proof/history.json').cases
  const text = String(rotated?.input['bundle'])
  const { identity } = parseProofBundle(JSON.parse(text))
  const history = identity?.agent.history ?? []
  const verdictWith = (...logs: readonly (readonly string[])[]) =>
    verifyProofBundle(text, { kernel, keyLogs: logs.map((entries) => readKeyLog(textOf(entries), kernel)) }).verdict

  it('change nothing where they are older, the same, or of somebody else', () => {
    expect(history).toHaveLength(2)
    expect(verdictWith(history.slice(0, 1))).toBe('valid')
    expect(verdictWith(history)).toBe('valid')
    const stranger = parseProofBundle(JSON.parse(String(repoVectors('proof/history.json').cases[2]?.input['bundle'])))
    expect(verdictWith(stranger.identity?.others?.[0]?.entries ?? [])).toBe('valid')
  })

  it('stand in for what the bundle leaves out', () => {
    const lacking = JSON.parse(text)
    lacking.identity.agent.history = []
    const verify = (keyLogs: readonly (readonly string[])[]) =>
      verifyProofBundle(JSON.stringify(lacking), {
        kernel,
        keyLogs: keyLogs.map((entries) => readKeyLog(textOf(entries), kernel)),
      }).code
    expect(verify([])).toBe('PROOF_IDENTITY_ORIGIN')
    expect(verify([history])).toBeUndefined()
  })
})

describe('agents with many keys', () => {
  it('are one agent each: a link between them stays one link', () => {
    const agent = (name: string) => {
      const keys = Array.from({ length: 2_000 }, (_, index) => ({ did: `did:key:${name}${index}` }))
      return { name: `did:talos:${name}`, keys } as unknown as VerifiedKeyLog
    }
    const nameOf = namesByAgent([agent('a'), agent('b')])
    const did = (text: string) => `did:key:${text}` as Did
    const given = {
      names: ['x'],
      issuer: did('a7'),
      audience: did('b9'),
      notBeforeS: 0,
      entitled: [did('a7'), did('c')],
    }
    const link = linkByAgent(given, nameOf)
    const named = { issuer: 'did:talos:a', audience: 'did:talos:b', entitled: ['did:talos:a', 'did:key:c'] }
    expect(link).toEqual({ ...given, ...named })
    const revocation = (who: string) => ({ issuer: did('a1999'), who: did(who), atS: 1 }) as VerifiedRevocation
    expect(isRevokedByAgent(link, revocation('b0'), nameOf)).toBe(true)
    expect(isRevokedByAgent(link, revocation('c'), nameOf)).toBe(false)
  })
})
