/**
 * Which parts of a call a proof shows (spec 10-audit-entry 10.8, 12-proof-bundle 12.9): made by the caller, who has the key of
 * the call's salts, the arguments in the invocation and the response that it got.
 *
 * Both sides commit to the parts of arguments and result. Whether they committed to the same is seen when their entries come
 * together, which is here.
 */
import { decodeEntry, deriveSalt, type FieldsName, type FieldTree } from '@talos/audit'
import { type Cid, toHex, utf8 } from '@talos/bytes'
import { argumentsToJson, type VerifiedInvocation } from '@talos/capability'
import { TalosError } from '@talos/errors'
import type { ProofDisclosure } from '@talos/proof'
import type { Agent } from './agent.ts'
import { fieldsOfArguments, fieldsOfOutput } from './call-fields.ts'

/** The key of a call's salts, as evidence of the caller. */
export const CALLER_SALT = 'caller.salt'
/** The response that the caller got, as evidence of the caller, where its parts can be shown. */
export const CALLER_RESPONSE = 'caller.response'

/** Most openings of one bundle (schema `proof-bundle`). */
const MAX_DISCLOSURES = 64

const CHOICE = /^(?:(arguments|output):(.*)|(result))$/s

export interface DisclosureInput {
  readonly agent: Pick<Agent, 'database' | 'kernel'>
  readonly invocation: Pick<VerifiedInvocation, 'cid' | 'args'>
  /** Exact bytes of the agent's entry, and of those of the executor. */
  readonly intent: Uint8Array
  readonly recorded: readonly Uint8Array[]
  /**
   * What to show: `arguments:` or `output:` and a pointer (RFC 6901), which opens that part or all parts below it; `result` opens
   * the whole response.
   */
  readonly choices: readonly string[]
}

/**
 * Opens the chosen parts of a call, and nothing else of it.
 *
 * @throws TalosError `DISCLOSURE_CHOICE`; `DISCLOSURE_DISAGREES` where the executor committed to something else than this agent
 *   sent and got, whether or not anything is chosen; `EVIDENCE_MISSING`
 */
export function discloseFields(input: DisclosureInput): readonly ProofDisclosure[] {
  const sources = sourcesOf(input)
  for (const name of ['arguments', 'output'] as const) requireAgreement(input, { name, tree: sources[name] })
  const opened = input.choices.flatMap((choice) => open(choice, sources))
  if (opened.length > MAX_DISCLOSURES) {
    throw new TalosError('DISCLOSURE_CHOICE', { choice: 'all', reason: `they are more than ${MAX_DISCLOSURES} parts` })
  }
  return opened
}

interface Sources {
  readonly arguments: FieldTree | undefined
  readonly output: FieldTree | undefined
  readonly whole: ProofDisclosure | undefined
}

function sourcesOf({ agent, invocation, intent }: DisclosureInput): Sources {
  const { kernel } = agent
  const saltKey = kept(agent, { cid: invocation.cid, name: CALLER_SALT })
  if (saltKey === undefined) return { arguments: undefined, output: undefined, whole: undefined }
  const common = { saltKey, kernel }
  const isCommitted = decodeEntry(intent).commit?.arguments !== undefined
  const response = kept(agent, { cid: invocation.cid, name: CALLER_RESPONSE })
  return {
    arguments: isCommitted ? fieldsOfArguments({ ...common, json: utf8(argumentsToJson(invocation.args)) }) : undefined,
    output: response === undefined ? undefined : fieldsOfOutput({ ...common, response }),
    whole: response === undefined ? undefined : wholeOf({ ...common, response }),
  }
}

function wholeOf({ response, ...common }: Parameters<typeof fieldsOfOutput>[0]): ProofDisclosure {
  const salt = deriveSalt({ ...common, index: 0, path: 'result' })
  return { layer: 'execution', path: 'result', salt, bytes: response }
}

function kept(agent: DisclosureInput['agent'], { cid, name }: { readonly cid: Cid; readonly name: string }) {
  return agent.database.evidence.get(cid, name)?.bytes
}

/** What an executor leaves out it does not deny; what it says must be what we know. */
function requireAgreement(
  { recorded }: DisclosureInput,
  { name, tree }: { readonly name: FieldsName; readonly tree: FieldTree | undefined },
): void {
  if (tree === undefined) return
  const root = toHex(tree.root)
  for (const entry of recorded) {
    const said = decodeEntry(entry).commit?.[name]
    if (said !== undefined && said !== root) throw new TalosError('DISCLOSURE_DISAGREES', { name })
  }
}

function open(choice: string, sources: Sources): readonly ProofDisclosure[] {
  const [, name, pointer = '', whole] = CHOICE.exec(choice) ?? []
  if (whole !== undefined) return [sources.whole ?? refuse(choice, 'the response was not kept')]
  if (name !== 'arguments' && name !== 'output') return refuse(choice, 'it is no choice')
  const tree = sources[name] ?? refuse(choice, 'nothing of it can be shown by itself')
  const pointers = tree.pointers.filter((one) => one === pointer || one.startsWith(`${pointer}/`))
  if (pointers.length === 0) return refuse(choice, 'no part of its own stands there')
  const layer = name === 'arguments' ? 'intent' : 'execution'
  return pointers.map((one) => ({ layer, path: name, ...tree.open(one) }))
}

function refuse(choice: string, reason: string): never {
  throw new TalosError('DISCLOSURE_CHOICE', { choice, reason })
}
