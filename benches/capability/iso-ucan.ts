/** UCAN 1.0 by `iso-ucan`: delegations and an invocation, verified with their signatures. */
import { COMMAND, FOLDER, LIFETIME_S, type Links, PATH, type TokenSystem } from './system.ts'

interface Principal {
  readonly did: string
}

interface Token {
  readonly bytes: Uint8Array
  readonly cid: { toString(): string }
}

interface Checks {
  readonly verifierResolver: object
  readonly isRevoked: () => Promise<boolean>
}

export interface IsoUcan {
  readonly EdDSASigner: { generate(): Promise<Principal> }
  readonly Resolver: new (verifier: object) => object
  readonly verifier: object
  readonly Delegation: {
    create(options: object): Promise<Token>
    from(options: Checks & { readonly bytes: Uint8Array }): Promise<Token>
  }
  readonly Invocation: { create(options: object): Promise<Token>; from(options: object): Promise<object> }
}

const INVOCATION_LIFETIME_S = 600

export function isoUcanSystem({ EdDSASigner, Resolver, verifier, Delegation, Invocation }: IsoUcan): TokenSystem {
  return {
    name: 'iso-ucan',
    open: async () => {
      const parties = await Promise.all([0, 1, 2, 3].map(async () => await EdDSASigner.generate()))
      const at = (place: number) => parties[place] as Principal
      const checks: Checks = { verifierResolver: new Resolver(verifier), isRevoked: async () => false }
      const inS = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
      const mint = async (links: Links) => {
        const tokens: Token[] = []
        for (let link = 0; link < links; link++) {
          tokens.push(
            await Delegation.create({
              iss: at(link),
              aud: at(link + 1).did,
              sub: at(0).did,
              cmd: COMMAND,
              pol: [['like', '.path', `${FOLDER}/*`]],
              exp: inS(LIFETIME_S),
            }),
          )
        }
        return tokens
      }
      return {
        mint: (links) => async () => await mint(links),
        verify: async (links) => {
          const prf = await mint(links)
          const sent = new Map(prf.map(({ cid, bytes }) => [cid.toString(), bytes]))
          const call = { cmd: COMMAND, args: { path: PATH }, sub: at(0).did, exp: inS(INVOCATION_LIFETIME_S) }
          const { bytes } = await Invocation.create({ ...checks, ...call, iss: at(links), prf })
          const resolveProof = async (cid: Token['cid']) =>
            await Delegation.from({ ...checks, bytes: sent.get(cid.toString()) as Uint8Array })
          return async () => await Invocation.from({ ...checks, bytes, audience: at(0), resolveProof })
        },
      }
    },
  }
}
