/** Talos itself: capabilities with a typed rule on the path, and a signed invocation, on a kernel. */
import { Secret } from '@talos/bytes'
import { authorize, delegate, invoke, NO_REVOCATIONS, type ReplayView } from '@talos/capability'
import { ed25519Signer, type SignedEnvelope, type Signer } from '@talos/identity'
import { type Kernel, systemRandom } from '@talos/kernel'
import { COMMAND, FOLDER, LIFETIME_S, type Links, PATH, type TokenSystem } from './system.ts'

/** A clock that stands still: an invocation of a minute lives through the whole run. */
export const NOW_S = 1_800_000_000
const NONCE_BYTES = 12
const RULES = [['subpath', '.path', [FOLDER]]] as const

/** Every call is new: what is measured is the decision, not a disk. */
const FORGETFUL: ReplayView = { remember: () => 'new' }

export function talosSystem(kernel: Kernel): TokenSystem {
  return {
    name: `talos ${kernel.name}`,
    open: async () => {
      const parties = makeParties(kernel)
      const [owner] = parties
      return {
        mint: (links) => async () => await mintChain(parties, links),
        verify: async (links) => {
          const chain = await mintChain(parties, links)
          const { bytes: invocation } = await invokeWith(parties, chain)
          const proofs = chain.map(({ bytes }) => bytes)
          const how = { executor: owner.did, nowS: NOW_S, kernel, revocations: NO_REVOCATIONS, replay: FORGETFUL }
          return () => {
            const verdict = authorize({ ...how, invocation, proofs })
            if (verdict.outcome !== 'allow') throw new Error('the call is refused')
          }
        },
      }
    },
  }
}

export type Parties = readonly [Signer, Signer, Signer, Signer]

/** An owner, and three who receive from each other. */
export function makeParties(kernel: Kernel): Parties {
  const signer = () => ed25519Signer({ kernel, seed: Secret.random(systemRandom, 32) })
  return [signer(), signer(), signer(), signer()]
}

/** A chain from the owner on; each link says where the path must lie. */
async function mintChain(parties: Parties, links: Links): Promise<readonly SignedEnvelope[]> {
  const chain: SignedEnvelope[] = []
  for (const [link, signer] of parties.slice(0, links).entries()) {
    chain.push(
      await delegate({
        signer,
        audience: (parties[link + 1] as Signer).did,
        subject: parties[0].did,
        command: COMMAND,
        expiresS: NOW_S + LIFETIME_S,
        nonce: systemRandom.bytes(NONCE_BYTES),
        depth: links - link - 1,
        rules: RULES,
      }),
    )
  }
  return chain
}

async function invokeWith(parties: Parties, chain: readonly SignedEnvelope[]): Promise<SignedEnvelope> {
  const [owner] = parties
  return await invoke({
    signer: parties[chain.length] as Signer,
    audience: owner.did,
    subject: owner.did,
    command: COMMAND,
    args: { path: PATH },
    proofs: chain.map(({ cid }) => cid),
    nonce: systemRandom.bytes(NONCE_BYTES),
    issuedAtS: NOW_S,
  })
}
