/**
 * Openings of the salted commitments in entries and receipts (spec 12-proof-bundle, clause 12.9): of a whole, or of one part
 * of a call's arguments or of its output.
 */
import {
  type AuditEntry,
  type Committable,
  commitTo,
  type FieldOpening,
  type FieldsName,
  isField,
  readField,
} from '@talos/audit'
import {
  decodeJcs,
  encodeJcs,
  fromBase64,
  fromBase64url,
  fromHex,
  toBase64,
  toBase64url,
  toHex,
  utf8,
} from '@talos/bytes'
import {
  requireParts,
  type ShownArguments,
  type ShownPart,
  shownArguments,
  type VerifiedReceipt,
} from '@talos/capability'
import type { ProofBundleDisclosure } from '@talos/contracts'
import type { IpldMap } from '@talos/identity'
import type { Kernel } from '@talos/kernel'
import { type Checks, demand } from './checks.ts'

/** Opens one part of the arguments or of the output, and nothing else of them. */
export interface FieldDisclosure extends FieldOpening {
  /** Whose entry commits to it: the agent's, or one of the executor's. */
  readonly layer: 'intent' | 'execution'
  readonly path: FieldsName
}

/** A deeper value is written as bytes: what is canonical JSON in a bundle nests no deeper than a bundle may. */
const MAX_VALUE_DEPTH = 32

/** A part as a bundle has it: as a value where canonical JSON says the very same text, else as the text's bytes. */
export function fieldDisclosureOf(field: FieldDisclosure): ProofBundleDisclosure {
  const { layer, path, pointer, text, salt, index, proof } = field
  const common = { layer, path, pointer, salt: toBase64url(salt), index, proof: proof.map(toBase64) }
  try {
    return { ...common, value: decodeJcs(text, { maxDepth: MAX_VALUE_DEPTH }) }
  } catch {
    // The decoder refuses what is not canonical, and throws nothing else.
    return { ...common, bytes: toBase64url(text) }
  }
}

export interface DisclosureContext {
  readonly checks: Checks
  readonly kernel: Kernel
  /** The arguments of the call; undefined where the bundle does not show the invocation. */
  readonly args: IpldMap | undefined
  readonly intent: { readonly entry: Recorded }
  readonly execution: {
    readonly receipt: VerifiedReceipt
    readonly entry: Recorded
    readonly invoked: Recorded | undefined
  }
}

/** An entry that commits to something. */
interface Recorded {
  readonly entry: AuditEntry
}

/** @returns the arguments as far as they are shown, where the invocation does not show them */
export function checkDisclosures(
  disclosures: readonly ProofBundleDisclosure[],
  context: DisclosureContext,
): ShownArguments {
  const { checks, kernel } = context
  for (const [index, disclosure] of disclosures.entries()) {
    const name = `disclosures[${index}]`
    const opens = checks.ask(`${name}.form`, 'PROOF_DISCLOSURE_FORM', () => openerOf(disclosure, kernel))
    checks.ask(`${name}.opens`, 'PROOF_DISCLOSURE_MISMATCH', () =>
      demand(
        sidesOf(disclosure, context).every((commitments) => commitments.some(opens)),
        'PROOF_DISCLOSURE_MISMATCH',
        { index },
      ),
    )
  }
  const parts = disclosures.filter(({ path }) => path === 'arguments')
  if (parts.length === 0) return NOTHING_SHOWN
  return checks.ask('disclosures.together', 'PROOF_DISCLOSURE_CONTRADICTION', () => {
    const { args } = context
    if (args === undefined) return shownArguments(parts.map(partOf))
    // Who wrote the entry could have committed to anything: what it signed is what it asked for.
    requireParts(args, parts.map(partOf))
    return NOTHING_SHOWN
  })
}

/** No argument is shown. */
export const NOTHING_SHOWN: ShownArguments = shownArguments([])

function partOf(disclosure: ProofBundleDisclosure): ShownPart {
  return { pointer: String(disclosure.pointer), text: textOf(openedOf(disclosure)) }
}

/** Whether a disclosure opens a commitment, in hex. */
type Opener = (commitment: string) => boolean

const FORM = 'PROOF_DISCLOSURE_FORM'

function openerOf(disclosure: ProofBundleDisclosure, kernel: Kernel): Opener {
  const { path, pointer, index, proof } = disclosure
  const salt = fromBase64url(disclosure.salt)
  const opened = openedOf(disclosure)
  if (path !== 'arguments' && path !== 'output') {
    const isWhole = pointer === undefined && index === undefined && proof === undefined
    demand(isWhole, FORM, { reason: 'one of a whole has what only one of a part has' })
    const commitment = toHex(commitTo({ ...opened, path, salt, kernel }))
    return (candidate) => candidate === commitment
  }
  const isPart = pointer !== undefined && index !== undefined && proof !== undefined
  demand(isPart, FORM, { reason: 'one of a part lacks its pointer, its index or its proof' })
  const opening = { pointer, text: textOf(opened), salt, index, proof: proof.map(fromBase64) }
  readField(opening)
  return (candidate) => isField({ ...opening, name: path, root: fromHex(candidate), kernel })
}

function textOf(opened: Committable): Uint8Array {
  return 'value' in opened ? utf8(encodeJcs(opened.value)) : opened.bytes
}

/** What is opened, as a value or as bytes: exactly one of them. */
function openedOf({ value, bytes }: ProofBundleDisclosure): Committable {
  demand(value === undefined || bytes === undefined, FORM, { reason: 'one has both value and bytes' })
  if (value !== undefined) return { value }
  demand(bytes !== undefined, FORM, { reason: 'one has neither value nor bytes' })
  return { bytes: fromBase64url(bytes) }
}

/**
 * The commitments of each side that has to have one of them opened: the side that the disclosure names. Arguments of a call
 * that is hidden have to be those of both (12.17).
 */
function sidesOf(disclosure: ProofBundleDisclosure, context: DisclosureContext): readonly (readonly string[])[] {
  const isOfBoth = context.args === undefined && disclosure.path === 'arguments'
  const layers = isOfBoth ? (['intent', 'execution'] as const) : [disclosure.layer]
  return layers.map((layer) => candidates({ ...disclosure, layer }, context))
}

/** What the disclosure may open: the commitments of its layer under its path. */
function candidates({ layer, path }: ProofBundleDisclosure, context: DisclosureContext): readonly string[] {
  const { intent, execution } = context
  const { receipt, entry, invoked } = execution
  if (layer === 'intent') return inEntry(path, intent.entry.entry)
  const ofRequest = path === 'request' || path === 'params' ? [toHex(receipt.requestCommitment)] : []
  const ofResult = path === 'result' && receipt.resultCommitment !== undefined ? [toHex(receipt.resultCommitment)] : []
  const recorded = [entry, ...(invoked === undefined ? [] : [invoked])].flatMap((verified) =>
    inEntry(path, verified.entry),
  )
  return [...ofRequest, ...ofResult, ...recorded]
}

function inEntry(path: ProofBundleDisclosure['path'], { commit }: AuditEntry): readonly string[] {
  return Object.entries({ ...commit }).flatMap(([name, commitment]) => (name === path ? [String(commitment)] : []))
}
