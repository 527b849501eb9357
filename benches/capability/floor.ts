/** The floor: nothing but the signatures, by `node:crypto` with keys imported beforehand, over bytes of a link's size. */
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import type { TokenSystem } from './system.ts'

/** As many as a signed link of one rule has. */
const LINK_BYTES = 280

export const floor: TokenSystem = {
  name: 'node:crypto signatures',
  open: async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const messages = (count: number) => Array.from({ length: count }, () => randomBytes(LINK_BYTES))
    return {
      mint: (links) => {
        const unsigned = messages(links)
        return () => {
          for (const message of unsigned) sign(null, message, privateKey)
        }
      },
      verify: async (links) => {
        // The links, and the proof of possession by whoever calls.
        const signed = messages(links + 1).map((message) => ({ message, signature: sign(null, message, privateKey) }))
        return () => {
          for (const { message, signature } of signed) {
            if (!verify(null, message, publicKey, signature)) throw new Error('a signature does not verify')
          }
        }
      },
    }
  },
}
