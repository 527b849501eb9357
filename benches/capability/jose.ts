/** JSON Web Tokens by `jose`: a chain of nested EdDSA tokens with the checks of a chain written out, and a proof token. */
import type { webcrypto } from 'node:crypto'
import { COMMAND, FOLDER, LIFETIME_S, type Links, PATH, type TokenSystem } from './system.ts'

interface Payload {
  readonly [claim: string]: unknown
}

interface SignJwt {
  setProtectedHeader(header: { readonly alg: string }): SignJwt
  setIssuer(issuer: string): SignJwt
  setAudience(audience: string): SignJwt
  setExpirationTime(atS: number): SignJwt
  sign(key: webcrypto.CryptoKey): Promise<string>
}

export interface Jose {
  readonly SignJWT: new (payload: Payload) => SignJwt
  jwtVerify(
    token: string,
    key: webcrypto.CryptoKey,
    options: { readonly issuer: string; readonly audience: string; readonly algorithms: readonly string[] },
  ): Promise<{ readonly payload: Payload }>
  generateKeyPair(
    algorithm: string,
  ): Promise<{ readonly publicKey: webcrypto.CryptoKey; readonly privateKey: webcrypto.CryptoKey }>
}

export function joseSystem(jose: Jose): TokenSystem {
  return {
    name: 'jose',
    open: async () => {
      const party = async (name: string) => ({ name, ...(await jose.generateKeyPair('EdDSA')) })
      const parties = await Promise.all(['owner', 'team', 'agent', 'helper'].map(party))
      const at = (place: number) => parties[place] as (typeof parties)[number]
      const token = async (place: number, to: string, payload: Payload) =>
        await new jose.SignJWT(payload)
          .setProtectedHeader({ alg: 'EdDSA' })
          .setIssuer(at(place).name)
          .setAudience(to)
          .setExpirationTime(Math.floor(Date.now() / 1000) + LIFETIME_S)
          .sign(at(place).privateKey)
      const mint = async (links: Links) => {
        const tokens: string[] = []
        for (let link = 0; link < links; link++) {
          tokens.push(await token(link, at(link + 1).name, { sub: 'owner', cmd: COMMAND, under: FOLDER }))
        }
        return tokens
      }
      const verify = async (tokens: readonly string[], proof: string) => {
        const caller = at(tokens.length)
        const check = async (one: string, from: number, audience: string) =>
          await jose.jwtVerify(one, at(from).publicKey, { issuer: at(from).name, audience, algorithms: ['EdDSA'] })
        const { payload: call } = await check(proof, tokens.length, 'owner')
        for (const [link, one] of tokens.entries()) {
          const { payload } = await check(one, link, at(link + 1).name)
          if (payload['sub'] !== 'owner' || payload['cmd'] !== call['cmd']) throw new Error(`${caller.name} may not`)
          if (!String(call['path']).startsWith(`${String(payload['under'])}/`)) throw new Error('another folder')
        }
      }
      return {
        mint: (links) => async () => await mint(links),
        verify: async (links) => {
          const tokens = await mint(links)
          const proof = await token(links, 'owner', { cmd: COMMAND, path: PATH })
          return async () => await verify(tokens, proof)
        },
      }
    },
  }
}
