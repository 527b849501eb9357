/** UCAN 0.9 by `@ucanto/core` and its validator: a chain in an archive, claimed by an invocation. */
import { FOLDER, LIFETIME_S, type Links, PATH, type TokenSystem } from './system.ts'

interface Principal {
  did(): string
}

interface Result<T> {
  readonly ok?: T
  readonly error?: unknown
}

interface Delegation {
  archive(): Promise<Result<Uint8Array>>
}

interface Claim {
  readonly nb: { readonly path: string }
}

export interface Ucanto {
  readonly ed25519: { generate(): Promise<Principal>; readonly Verifier: object }
  delegate(options: object): Promise<Delegation>
  invoke(options: object): { delegate(): Promise<Delegation> }
  readonly Delegation: { extract(archive: Uint8Array): Promise<Result<Delegation>> }
  capability(options: object): object
  access(invocation: Delegation, options: object): Promise<Result<object>>
  ok(value: object): object
  fail(reason: string): object
  readonly Schema: { did(): object; struct(members: object): object; string(): object }
}

const CAN = 'file/read'

export function ucantoSystem(ucanto: Ucanto): TokenSystem {
  const { ed25519, Schema } = ucanto
  const capability = ucanto.capability({
    can: CAN,
    with: Schema.did(),
    nb: Schema.struct({ path: Schema.string() }),
    derives: (claimed: Claim, delegated: Claim) =>
      claimed.nb.path.startsWith(delegated.nb.path) ? ucanto.ok({}) : ucanto.fail('another folder'),
  })
  return {
    name: 'ucanto (UCAN 0.9)',
    open: async () => {
      const parties = await Promise.all([0, 1, 2, 3].map(async () => await ed25519.generate()))
      const at = (place: number) => parties[place] as Principal
      const claim = (path: string) => ({ can: CAN, with: at(0).did(), nb: { path } })
      const expiration = () => Math.floor(Date.now() / 1000) + LIFETIME_S
      const mint = async (links: Links) => {
        let proofs: Delegation[] = []
        for (let link = 0; link < links; link++) {
          const parties = { issuer: at(link), audience: at(link + 1) }
          proofs = [
            await ucanto.delegate({ ...parties, capabilities: [claim(FOLDER)], expiration: expiration(), proofs }),
          ]
        }
        return proofs
      }
      const known = {
        authority: at(0),
        capability,
        principal: ed25519.Verifier,
        validateAuthorization: () => ucanto.ok({}),
      }
      return {
        mint: (links) => async () => await mint(links),
        verify: async (links) => {
          const proofs = await mint(links)
          const parties = { issuer: at(links), audience: at(0) }
          const call = ucanto.invoke({ ...parties, capability: claim(PATH), expiration: expiration(), proofs })
          const { ok: archive } = await (await call.delegate()).archive()
          return async () => {
            const { ok: invocation } = await ucanto.Delegation.extract(archive as Uint8Array)
            const verdict = await ucanto.access(invocation as Delegation, known)
            if (verdict.error !== undefined) throw new Error('ucanto refuses the call', { cause: verdict.error })
          }
        },
      }
    },
  }
}
