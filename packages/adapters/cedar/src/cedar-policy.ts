/**
 * The executor's own policy in Cedar, beside the caller's capability: it is asked about calls that the capability allows, can
 * deny them, and can give nothing (docs/cedar.md; spec 08-invocation, clause 8.5).
 */
import type { AuthorizationAnswer, Context, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import type { ExecutorPolicy, PolicyDecision, PolicyRequest } from '@talos/capability'
import { type Cedar, loadCedar } from './engine.ts'
import { type PolicyFiles, preparePolicies, type ReadyPolicies } from './policy-files.ts'
import { recordOf } from './values.ts'

/**
 * Reads the policies and loads the engine.
 *
 * Cedar's own rules hold: one `forbid` denies whatever is permitted, and what nothing permits is denied. An error in any policy
 * denies as well.
 *
 * @throws TalosError `POLICY_ENGINE_MISSING`, `POLICY_INVALID`
 */
export async function cedarPolicy(files: PolicyFiles): Promise<ExecutorPolicy> {
  const cedar = await loadCedar()
  const ready = preparePolicies(cedar, files)
  return { decide: (request) => decide(cedar, { ready, request }) }
}

/** Decides one call. Fails closed: an engine that throws has denied. */
export function decide(
  cedar: Pick<Cedar, 'statefulIsAuthorized'>,
  { ready, request }: { readonly ready: ReadyPolicies; readonly request: PolicyRequest },
): PolicyDecision {
  const context = contextOf(request)
  if (context === undefined) return denied('an argument has a name that Cedar reserves')
  const { policySetId, schemaName, entities } = ready
  const action = uid('Talos::Action', request.command)
  try {
    return decisionOf(
      cedar.statefulIsAuthorized({
        principal: uid('Talos::Agent', request.principal),
        action,
        resource: uid('Talos::Agent', request.chain.at(0)?.issuer ?? request.principal),
        context,
        preparsedPolicySetId: policySetId,
        // A schema says itself which actions stand in which; entities beside it must not.
        ...(schemaName === undefined ? {} : { preparsedSchemaName: schemaName, validateRequest: true }),
        entities: schemaName === undefined ? [...entities, actionEntity(action)] : [...entities],
      }),
    )
  } catch {
    return denied('the policy engine failed')
  }
}

function decisionOf(answer: AuthorizationAnswer): PolicyDecision {
  if (answer.type === 'failure') return denied('the call does not fit the schema')
  const { decision, diagnostics } = answer.response
  if (diagnostics.errors.length > 0) {
    return { outcome: 'deny', reasons: diagnostics.errors.map(({ policyId }) => `${policyId} cannot be evaluated`) }
  }
  if (decision === 'allow') return { outcome: 'allow' }
  const { reason } = diagnostics
  return reason.length === 0 ? denied('no policy permits it') : { outcome: 'deny', reasons: reason }
}

function contextOf({ args, chain, nowS, environment }: PolicyRequest): Context | undefined {
  const record = recordOf(args)
  const env = recordOf(Object.fromEntries(environment))
  if (record === undefined || env === undefined) return undefined
  const issuers = chain.map(({ issuer }) => ({ __entity: uid('Talos::Agent', issuer) }))
  return { args: record, env, issuers, links: chain.length, nowS }
}

/** The command's places: `/mcp/git/tool/log` stands in `/mcp/git/tool`, `/mcp/git`, `/mcp` and `/`. */
function actionEntity(action: TypeAndId): EntityJson {
  const segments = action.id.split('/').slice(1)
  const places = segments
    .map((_, length) => `/${segments.slice(0, length).join('/')}`)
    .filter((place) => place !== action.id)
  return { uid: action, attrs: {}, parents: places.map((place) => uid('Talos::Action', place)) }
}

function uid(type: string, id: string): TypeAndId {
  return { type, id }
}

function denied(reason: string): PolicyDecision {
  return { outcome: 'deny', reasons: [reason] }
}
