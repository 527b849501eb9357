/**
 * What counts as witnessed: C2SP tlog-policy, parsed and evaluated (contracts/spec/23-witness.md, clause 23.5).
 *
 *     log <vkey> [<url>]
 *     witness <name> <vkey> [<url>]
 *     group <name> <k | all | any> <name>...
 *     quorum <name | none>
 *
 * Names are defined before they are used, each is a member once, and there is one quorum. Texts are compared character by
 * character. Left out: keys of other types than Ed25519, which are refused.
 */
import { toHex } from '@talos/bytes'
import { isTalosError, TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { NOTE_COSIGNATURE, NOTE_ED25519, type NoteKeyType, parseVerifierKey, type VerifierKey } from '@talos/merkle'
import { type Cosignature, cosignaturesOf } from './cosignatures.ts'

/** Longest policy: the largest one that the other limits allow fits with its addresses. */
export const MAX_POLICY_CHARS = 262_144
/** Logs, witnesses and groups, of each so many; the format asks for 32 at least. */
export const MAX_POLICY_ITEMS = 256
/** Groups within groups. */
export const MAX_POLICY_DEPTH = 16
/** Longest name or address. */
const MAX_WORD_CHARS = 2_048

export interface PolicyLog {
  readonly key: VerifierKey
  readonly url?: string
}

export interface PolicyWitness {
  /** Its name within the policy. */
  readonly name: string
  readonly key: VerifierKey
  readonly url?: string
}

/** What has to be there. */
export type Quorum =
  | { readonly kind: 'none' }
  | { readonly kind: 'witness'; readonly witness: PolicyWitness }
  | {
      readonly kind: 'group'
      readonly name: string
      /** 1 to the number of members. */
      readonly threshold: number
      readonly members: readonly Quorum[]
    }

/** What a policy makes of one checkpoint. */
export interface PolicyVerdict {
  readonly isSatisfied: boolean
  /** The policy's witnesses that cosigned, with the time that each says. */
  readonly witnesses: readonly { readonly name: string; readonly timeS: number }[]
}

export class WitnessPolicy {
  readonly logs: readonly PolicyLog[]
  readonly witnesses: readonly PolicyWitness[]
  readonly quorum: Quorum
  /** The text that it was read from. */
  readonly text: string

  constructor(parts: {
    readonly logs: readonly PolicyLog[]
    readonly witnesses: readonly PolicyWitness[]
    readonly quorum: Quorum
    readonly text: string
  }) {
    this.logs = parts.logs
    this.witnesses = parts.witnesses
    this.quorum = parts.quorum
    this.text = parts.text
  }

  /** The keys of its witnesses. */
  get keys(): readonly VerifierKey[] {
    return this.witnesses.map(({ key }) => key)
  }

  /** Whether these cosignatures, which were checked, are enough. Those of other keys do not count. */
  satisfiedBy(cosignatures: readonly Pick<Cosignature, 'key'>[]): boolean {
    return isMet(this.quorum, new Set(cosignatures.map(({ key }) => nameOf(key))))
  }

  /**
   * Checks the cosignatures of a checkpoint against the policy. That the log signed it is for `openCheckpoint`.
   *
   * @throws TalosError `NOTE_INVALID`; `NOTE_SIGNATURE_INVALID` where a line by one of the witnesses is wrong
   */
  evaluate(note: string, { kernel }: { readonly kernel: Kernel }): PolicyVerdict {
    const cosignatures = cosignaturesOf(note, { keys: this.keys, kernel })
    const witnesses = cosignatures.flatMap(({ key, timeS }) =>
      this.witnesses.filter((witness) => witness.key === key).map(({ name }) => ({ name, timeS })),
    )
    return { isSatisfied: this.satisfiedBy(cosignatures), witnesses }
  }
}

/**
 * Reads a policy.
 *
 * @throws TalosError `WITNESS_POLICY_INVALID` with the line, from 1; 0 for the text as a whole
 */
export function parseWitnessPolicy(text: string, { kernel }: { readonly kernel: Kernel }): WitnessPolicy {
  if (text.length > MAX_POLICY_CHARS) throw invalid(0, 'it is too long')
  if (!text.isWellFormed()) throw invalid(0, 'it is not well-formed Unicode')
  if (text !== '' && !text.endsWith('\n')) throw invalid(0, 'its last line does not end')
  const parser = new PolicyParser(kernel)
  for (const [index, line] of text.split('\n').entries()) parser.take(line, index + 1)
  return parser.finish(text)
}

/** `any 1` of these witnesses: what stands in where nobody wrote a policy and the word "witnessed" needs a meaning. */
export function anyWitnessPolicy(witnesses: readonly PolicyWitness[]): WitnessPolicy {
  const members = witnesses.map((witness): Quorum => ({ kind: 'witness', witness }))
  const quorum: Quorum = { kind: 'group', name: 'any', threshold: 1, members }
  return new WitnessPolicy({ logs: [], witnesses, quorum, text: '' })
}

/** A definition, and how deep its groups lie within each other. */
interface Definition {
  readonly quorum: Quorum
  readonly depth: number
}

class PolicyParser {
  readonly #kernel: Kernel
  readonly #logs: PolicyLog[] = []
  readonly #witnesses: PolicyWitness[] = []
  readonly #definitions = new Map<string, Definition>()
  readonly #members = new Set<string>()
  #groups = 0
  #quorum: Quorum | undefined

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  take(line: string, number: number): void {
    if (/[^\t -~\u0080-\u{10ffff}]/u.test(line)) throw invalid(number, 'it holds a control character')
    const [keyword, ...words] = line.split(/[ \t]+/).filter((word) => word !== '')
    if (keyword === undefined || keyword.startsWith('#')) return
    if (words.some((word) => word.length > MAX_WORD_CHARS)) throw invalid(number, 'a word is too long')
    if (keyword === 'log') this.#log(words, number)
    else if (keyword === 'witness') this.#witness(words, number)
    else if (keyword === 'group') this.#group(words, number)
    else if (keyword === 'quorum') this.#setQuorum(words, number)
    else throw invalid(number, 'it begins with no keyword of a policy')
  }

  finish(text: string): WitnessPolicy {
    if (this.#quorum === undefined) throw invalid(0, 'it has no quorum')
    return new WitnessPolicy({ logs: this.#logs, witnesses: this.#witnesses, quorum: this.#quorum, text })
  }

  #log(words: readonly string[], line: number): void {
    const [vkey, url, ...more] = words
    if (vkey === undefined || more.length > 0) throw invalid(line, 'a log has a key and an address, no more')
    const key = this.#key(vkey, { type: NOTE_ED25519, line })
    requireNew(key, { known: this.#logs, line })
    this.#logs.push({ key, ...(url !== undefined && { url }) })
    requireRoom(this.#logs.length, line)
  }

  #witness(words: readonly string[], line: number): void {
    const [name, vkey, url, ...more] = words
    if (name === undefined || vkey === undefined || more.length > 0) {
      throw invalid(line, 'a witness has a name, a key and an address, no more')
    }
    const key = this.#key(vkey, { type: NOTE_COSIGNATURE, line })
    requireNew(key, { known: this.#witnesses, line })
    const witness = { name, key, ...(url !== undefined && { url }) }
    this.#define(name, { definition: { quorum: { kind: 'witness', witness }, depth: 0 }, line })
    this.#witnesses.push(witness)
    requireRoom(this.#witnesses.length, line)
  }

  #group(words: readonly string[], line: number): void {
    const [name, count, ...names] = words
    if (name === undefined || count === undefined || names.length === 0) {
      throw invalid(line, 'a group has a name, a number and one member at least')
    }
    const definitions = names.map((member) => this.#member(member, line))
    const threshold = thresholdOf(count, { members: names.length, line })
    const depth = 1 + Math.max(...definitions.map((definition) => definition.depth))
    if (depth > MAX_POLICY_DEPTH) throw invalid(line, 'its groups lie too deep within each other')
    const members = definitions.map(({ quorum }) => quorum)
    this.#define(name, { definition: { quorum: { kind: 'group', name, threshold, members }, depth }, line })
    this.#groups += 1
    requireRoom(this.#groups, line)
  }

  #setQuorum(words: readonly string[], line: number): void {
    const [name, ...more] = words
    if (name === undefined || more.length > 0) throw invalid(line, 'a quorum is one name')
    if (this.#quorum !== undefined) throw invalid(line, 'there is a quorum already')
    this.#quorum = name === 'none' ? { kind: 'none' } : this.#defined(name, line).quorum
  }

  #key(vkey: string, { type, line }: { readonly type: NoteKeyType; readonly line: number }): VerifierKey {
    try {
      const key = parseVerifierKey(vkey, this.#kernel)
      if (key.type === type) return key
    } catch (cause) {
      if (!isTalosError(cause, 'NOTE_KEY_INVALID')) throw cause
      throw invalid(line, 'its key is malformed or of an unknown type', cause)
    }
    throw invalid(line, type === NOTE_ED25519 ? 'a log needs a key of type 01' : 'a witness needs a key of type 04')
  }

  #define(name: string, { definition, line }: { readonly definition: Definition; readonly line: number }): void {
    if (name === 'none') throw invalid(line, 'the name none means nobody')
    if (this.#definitions.has(name)) throw invalid(line, 'its name is taken')
    this.#definitions.set(name, definition)
  }

  #defined(name: string, line: number): Definition {
    const definition = this.#definitions.get(name)
    if (definition === undefined) throw invalid(line, 'it uses a name that is not defined above')
    return definition
  }

  #member(name: string, line: number): Definition {
    const definition = this.#defined(name, line)
    if (this.#members.has(name)) throw invalid(line, 'a name is a member twice')
    this.#members.add(name)
    return definition
  }
}

function thresholdOf(word: string, { members, line }: { readonly members: number; readonly line: number }): number {
  if (word === 'any') return 1
  if (word === 'all') return members
  const threshold = /^[1-9][0-9]{0,3}$/.test(word) ? Number(word) : Number.NaN
  if (threshold <= members) return threshold
  throw invalid(line, 'its number is not any, all, or 1 to the number of its members')
}

function requireNew(
  { publicKey }: VerifierKey,
  { known, line }: { readonly known: readonly { readonly key: VerifierKey }[]; readonly line: number },
): void {
  const text = toHex(publicKey)
  if (known.some(({ key }) => toHex(key.publicKey) === text)) throw invalid(line, 'its key is there twice')
}

function requireRoom(count: number, line: number): void {
  if (count > MAX_POLICY_ITEMS) throw invalid(line, 'there are too many lines of its kind')
}

/** Each name is a member once, so that a walk over the whole quorum takes each line once. */
function isMet(quorum: Quorum, signed: ReadonlySet<string>): boolean {
  if (quorum.kind === 'none') return true
  if (quorum.kind === 'witness') return signed.has(nameOf(quorum.witness.key))
  return quorum.members.filter((member) => isMet(member, signed)).length >= quorum.threshold
}

function nameOf({ name, type, publicKey }: VerifierKey): string {
  return `${name}+${type}+${toHex(publicKey)}`
}

function invalid(line: number, reason: string, cause?: unknown): TalosError {
  return new TalosError('WITNESS_POLICY_INVALID', { line, reason }, { cause })
}
