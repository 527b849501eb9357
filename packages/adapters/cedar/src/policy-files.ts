/** Reads policies, schema and entities once, so that a call finds them parsed. */
import type { CheckParseAnswer, DetailedError, EntityJson, PolicySet } from '@cedar-policy/cedar-wasm/nodejs'
import { TalosError } from '@talos/errors'
import type { Cedar } from './engine.ts'

/** Characters of the policies, or of the schema: some thousand policies. */
export const MAX_POLICY_LENGTH = 1_048_576
/** Entities that stand beside each call: each is parsed with each call. */
export const MAX_POLICY_ENTITIES = 4_096
/** What of Cedar's own words is shown: they are about the executor's own file. */
const MAX_REASON_LENGTH = 200

export interface PolicyFiles {
  /** Policies in Cedar's text form. Templates are not taken. */
  readonly policies: string
  /** A schema in Cedar's text form. With one, policies are validated, and a call that does not fit it is denied. */
  readonly schema?: string
  /** Entities in Cedar's JSON form, such as the groups that an agent is in. */
  readonly entities?: readonly object[]
}

/** How the engine holds what was read. */
export interface ReadyPolicies {
  readonly policySetId: string
  readonly schemaName: string | undefined
  readonly entities: readonly EntityJson[]
}

let prepared = 0

/** @throws TalosError `POLICY_INVALID` */
export function preparePolicies(cedar: Cedar, { policies, schema, entities = [] }: PolicyFiles): ReadyPolicies {
  checkLength('policies', policies)
  const set = namedPolicies(cedar, policies)
  prepared += 1
  const name = `talos-${prepared}`
  if (schema !== undefined) prepareSchema(cedar, { schema, set, name })
  demand('policies', cedar.preparsePolicySet(name, set))
  if (entities.length > MAX_POLICY_ENTITIES) throw invalid('entities', `there are more than ${MAX_POLICY_ENTITIES}`)
  const given = entities as readonly EntityJson[]
  demand('entities', cedar.checkParseEntities({ entities: [...given], schema: schema ?? null }))
  return { policySetId: name, schemaName: schema === undefined ? undefined : name, entities: given }
}

function prepareSchema(
  cedar: Cedar,
  { schema, set, name }: { readonly schema: string; readonly set: PolicySet; readonly name: string },
): void {
  checkLength('schema', schema)
  demand('schema', cedar.preparseSchema(name, schema))
  const answer = cedar.validate({ schema, policies: set })
  if (answer.type === 'failure') throw invalid('schema', reasonOf(answer.errors))
  const [first] = answer.validationErrors
  if (first !== undefined) throw invalid('policies', `${first.policyId}: ${reasonOf([first.error])}`)
}

/** The policies under their own names: the annotation `@id`, else the number in the file. */
function namedPolicies(cedar: Cedar, text: string): PolicySet {
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure') throw invalid('policies', reasonOf(parts.errors))
  if (parts.policy_templates.length > 0) throw invalid('policies', 'there is a template among them')
  const named = new Map<string, string>()
  for (const [index, policy] of parts.policies.entries()) {
    const name = annotatedName(cedar, policy) ?? `policy ${index + 1}`
    if (named.has(name)) throw invalid('policies', 'two of them have the same @id')
    named.set(name, policy)
  }
  return { staticPolicies: Object.fromEntries(named) }
}

function annotatedName(cedar: Cedar, policy: string): string | undefined {
  const answer = cedar.policyToJson(policy)
  if (answer.type === 'failure') throw invalid('policies', reasonOf(answer.errors))
  const name = answer.json.annotations?.['id']
  if (name === undefined) return undefined
  if (!/^[\w .:/-]{1,64}$/.test(name)) throw invalid('policies', 'an @id is not 1 to 64 plain characters')
  return name
}

function checkLength(part: string, text: string): void {
  if (text.length > MAX_POLICY_LENGTH) throw invalid(part, `there are more than ${MAX_POLICY_LENGTH} characters`)
}

function demand(part: string, answer: CheckParseAnswer): void {
  if (answer.type === 'failure') throw invalid(part, reasonOf(answer.errors))
}

function reasonOf(errors: readonly DetailedError[]): string {
  const [first] = errors
  return (first?.message ?? 'no reason is given').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_REASON_LENGTH)
}

function invalid(part: string, reason: string): TalosError {
  return new TalosError('POLICY_INVALID', { part, reason })
}
