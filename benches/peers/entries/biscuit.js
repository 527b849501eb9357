export { AuthorizerBuilder, Biscuit, KeyPair } from '@biscuit-auth/biscuit-wasm'
