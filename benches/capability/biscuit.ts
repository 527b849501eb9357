/** Biscuit by its WebAssembly package. Its tokens are bearer tokens: no proof of possession stands in its numbers. */
import { FOLDER, type Links, PATH, type TokenSystem } from './system.ts'

interface Freed {
  free(): void
}

interface Block extends Freed {
  addCode(code: string): void
}

interface Token extends Freed {
  toBytes(): Uint8Array
  appendBlock(block: Block): Token
}

interface Authorizer extends Freed {
  authorizeWithLimits(limits: {
    readonly max_facts: number
    readonly max_iterations: number
    readonly max_time_micro: number
  }): number
}

interface KeyPair {
  getPublicKey(): object
  getPrivateKey(): object
}

export interface BiscuitModule {
  readonly KeyPair: new (algorithm: number) => KeyPair
  readonly AuthorizerBuilder: new () => { addCode(code: string): void; buildAuthenticated(token: Token): Authorizer }
  readonly Biscuit: {
    builder(): { addCode(code: string): void; build(key: object): Token }
    block_builder(): Block
    fromBytes(bytes: Uint8Array, key: object): Token
  }
}

const ED25519 = 0
/** Its default limit of a millisecond is missed when another process has the processor. */
const LIMITS = { max_facts: 1000, max_iterations: 100, max_time_micro: 1_000_000 }
const CHECK = `check if resource($r), $r.starts_with("${FOLDER}/")`
const CALL = `operation("read"); resource("${PATH}"); allow if true`

export function biscuitSystem({ Biscuit, KeyPair, AuthorizerBuilder }: BiscuitModule): TokenSystem {
  return {
    name: 'biscuit-wasm, no proof',
    open: async () => {
      const keys = new KeyPair(ED25519)
      const mint = (links: Links): Uint8Array => {
        const builder = Biscuit.builder()
        builder.addCode(`right("files", "read"); ${CHECK}`)
        let token = builder.build(keys.getPrivateKey())
        for (let link = 1; link < links; link++) {
          const block = Biscuit.block_builder()
          block.addCode(CHECK)
          const longer = token.appendBlock(block)
          token.free()
          token = longer
        }
        const bytes = token.toBytes()
        token.free()
        return bytes
      }
      return {
        mint: (links) => () => mint(links),
        verify: async (links) => {
          const bytes = mint(links)
          return () => {
            const token = Biscuit.fromBytes(bytes, keys.getPublicKey())
            const builder = new AuthorizerBuilder()
            builder.addCode(CALL)
            const authorizer = builder.buildAuthenticated(token)
            authorizer.authorizeWithLimits(LIMITS)
            authorizer.free()
            token.free()
          }
        },
      }
    },
  }
}
