export * as core from '@ucanto/core'
export { ed25519 } from '@ucanto/principal'
export * as validator from '@ucanto/validator'
