export { cedarPolicy } from './cedar-policy.ts'
export { CEDAR_VERSION } from './engine.ts'
export { MAX_POLICY_ENTITIES, MAX_POLICY_LENGTH, type PolicyFiles } from './policy-files.ts'
