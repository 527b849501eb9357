export { Delegation, delegate, invoke } from '@ucanto/core'
export { ed25519 } from '@ucanto/principal'
export { access, capability, fail, ok, Schema } from '@ucanto/validator'
