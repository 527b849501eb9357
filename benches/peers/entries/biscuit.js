export * from '@biscuit-auth/biscuit-wasm'
