/** Bundles of agents that had other keys: built again from their parts (spec 12-proof-bundle, 12.4 and 12.11). */
import { fromBase64url, fromUtf8 } from '@talos/bytes'
import { parseProofBundle } from '@talos/contracts'
import { portableKernel } from '@talos/kernel'
import { buildProofBundle } from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

const kernel = portableKernel()
const textOf = (entries: readonly string[]) => entries.map((entry) => `${fromUtf8(fromBase64url(entry))}\n`).join('')

describe('building', () => {
  it.each(repoVectors('proof/history.json').cases.map(({ id, input }) => [id, String(input['bundle'])] as const))(
    'makes %s again from its parts',
    (_id, text) => {
      const { identity, authority, intent, execution } = parseProofBundle(JSON.parse(text))
      if (!identity || !authority || !intent || !execution) throw new Error('a layer is missing')
      const side = ({ did, logKey, history }: typeof identity.agent) => ({
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
        invocation: fromBase64url(intent.invocation),
        intent: inclusion(intent.inclusion),
        receipt: fromBase64url(execution.receipt),
        outcome: inclusion(execution.inclusion),
        ...(execution.invoked !== undefined && { invoked: inclusion(execution.invoked) }),
      })
      expect(built).toBe(text)
    },
  )
})
