/**
 * A short way to write and read the usual entries (contracts/spec/10-audit-entry.md, clauses 10.1 to 10.3).
 *
 * The long way, through the schema and the canonical writer, costs 10 us an entry, twenty times its hash in the native
 * kernel. Here the members stand in canonical order and each is held against its form; as all forms are ASCII without quotes
 * or backslashes, nothing is escaped. What is not plainly right is left to the long way, which decides: this one refuses
 * nothing and never accepts more. A test compares the forms with the schema, and both ways with each other.
 */
import type { AuditEntry, AuditEntryCommitments, AuditEntryKind } from '@talos/contracts'

/** Forms of the schema, as far as they are taken here: DIDs of other methods go the long way. */
export const FORMS = {
  did: 'did:(?:key:z6Mk|talos:Qm)[1-9A-HJ-NP-Za-km-z]{44}',
  cid: 'bafyrei[a-z2-7]{52}',
  hex32: '[0-9a-f]{64}',
  id: '[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}',
  session: '[0-9a-f]{16,64}',
  message: '[0-9a-f]{32}',
  tool: '/[a-z0-9_~/-]{1,511}',
  reason: '[A-Z][A-Z0-9_]{0,63}',
  decision: 'allow|deny',
} as const

/** Members of `commit` in canonical order. */
export const COMMIT_NAMES = ['arguments', 'content', 'output', 'params', 'result'] as const

type PlainMember = 'cap' | 'cause' | 'commit' | 'decision' | 'message' | 'peer' | 'reason' | 'ref' | 'session' | 'tool'

/** An entry of the members that the short way takes, before it is checked. */
export type EntryMembers = Pick<AuditEntry, 'seq' | 'ts' | 'kind' | 'id'> & {
  readonly [name in PlainMember]?: AuditEntry[name] | undefined
}

/** Tells whether an entry keeps the rules of 10.3. Its answer depends on which members are there, `decision` and `kind`. */
export type RuleCheck = (entry: EntryMembers) => boolean

/**
 * Kinds that the long way has seen, each with what the rules said of the members that were there: rules are asked once for
 * each combination.
 */
class KnownKinds {
  readonly #verdicts = new Map<string, Map<number, boolean>>()

  add(kind: AuditEntryKind): void {
    if (!this.#verdicts.has(kind)) this.#verdicts.set(kind, new Map())
  }

  /** False also for a kind that was not seen. `seq` is above 0. */
  allows(entry: EntryMembers, keeps: RuleCheck): boolean {
    const verdicts = this.#verdicts.get(entry.kind)
    if (verdicts === undefined) return false
    const { cause, decision, peer, reason, session, tool } = entry
    const mask =
      (cause === undefined ? 0 : 1) |
      (decision === undefined ? 0 : decision === 'deny' ? 2 : 4) |
      (peer === undefined ? 0 : 8) |
      (reason === undefined ? 0 : 16) |
      (session === undefined ? 0 : 32) |
      (tool === undefined ? 0 : 64)
    const known = verdicts.get(mask)
    if (known !== undefined) return known
    const verdict = keeps(entry)
    verdicts.set(mask, verdict)
    return verdict
  }
}

/** Seen by this process; the set of kinds is closed, and so is this one. */
export const knownKinds = new KnownKinds()

/** A form, and the value that was held against it last: most values are those of the entry before. */
class Form {
  readonly #form: RegExp
  #accepted: string | undefined

  constructor(form: string) {
    this.#form = new RegExp(`^(?:${form})$`)
  }

  accepts(value: string | undefined): boolean {
    if (value === undefined || value === this.#accepted) return true
    if (typeof value !== 'string' || !this.#form.test(value)) return false
    this.#accepted = value
    return true
  }
}

/** A member whose text is kept with its last value, in one piece: putting short texts together is most of the work. */
class Member {
  readonly #name: string
  readonly #form: Form
  #value: string | undefined
  #text = ''

  constructor(name: string, form: string) {
    this.#name = name
    this.#form = new Form(form)
  }

  /** `,"name":"value"`; nothing without a value, and undefined where the value does not have the form. */
  text(value: string | undefined): string | undefined {
    if (value !== this.#value) {
      if (!this.#form.accepts(value)) return undefined
      this.#value = value
      this.#text = value === undefined ? '' : [',"', this.#name, '":"', value, '"'].join('')
    }
    return this.#text
  }
}

/** Writes the entries of one log. */
export class EntryWriter {
  readonly #keeps: RuleCheck
  readonly #start: string
  readonly #isPlain: boolean
  readonly #cap = new Member('cap', FORMS.cid)
  readonly #cause = new Form(FORMS.hex32)
  readonly #decision = new Member('decision', FORMS.decision)
  readonly #id = new Form(FORMS.id)
  readonly #message = new Form(FORMS.message)
  readonly #peer = new Member('peer', FORMS.did)
  readonly #reason = new Member('reason', FORMS.reason)
  readonly #ref = new Member('ref', FORMS.cid)
  readonly #session = new Member('session', FORMS.session)
  readonly #tool = new Member('tool', FORMS.tool)
  readonly #hash = new Form(FORMS.hex32)
  #ts = -1
  #end = ''

  constructor(agent: string, keeps: RuleCheck) {
    this.#keeps = keeps
    this.#start = `{"agent":"${agent}"`
    this.#isPlain = new Form(FORMS.did).accepts(agent)
  }

  /**
   * The canonical text of an entry that has no other members than these, all of it ASCII; undefined where the long way has to
   * decide. Its `agent` is the writer's and its `v` 1.
   *
   * @param isOwnId the id is of `EntryIds` and need not be looked at
   */
  write(entry: EntryMembers, isOwnId = false): string | undefined {
    const { seq, ts, kind, id, cause, message } = entry
    const isRight =
      this.#isPlain &&
      seq > 0 &&
      isPlace(seq) &&
      isTime(ts) &&
      (isOwnId || this.#id.accepts(id)) &&
      this.#cause.accepts(cause) &&
      this.#message.accepts(message) &&
      knownKinds.allows(entry, this.#keeps)
    if (!isRight) return undefined
    const cap = this.#cap.text(entry.cap)
    const commit = this.#commitments(entry.commit)
    const decision = this.#decision.text(entry.decision)
    const peer = this.#peer.text(entry.peer)
    const reason = this.#reason.text(entry.reason)
    const ref = this.#ref.text(entry.ref)
    const session = this.#session.text(entry.session)
    const tool = this.#tool.text(entry.tool)
    const isWhole =
      cap !== undefined &&
      commit !== undefined &&
      decision !== undefined &&
      peer !== undefined &&
      reason !== undefined &&
      ref !== undefined &&
      session !== undefined &&
      tool !== undefined
    if (!isWhole) return undefined
    let text = this.#start + cap
    if (cause !== undefined) text += `,"cause":"${cause}"`
    text += `${commit}${decision},"id":"${id}","kind":"${kind}"`
    if (message !== undefined) text += `,"message":"${message}"`
    return `${text}${peer}${reason}${ref},"seq":${seq}${session}${tool}${this.#endAt(ts)}`
  }

  /** The members behind all others; entries of one batch have few times. */
  #endAt(ts: number): string {
    if (ts !== this.#ts) {
      this.#ts = ts
      this.#end = [',"ts":', ts, ',"v":1}'].join('')
    }
    return this.#end
  }

  #commitments(commit: AuditEntryCommitments | undefined): string | undefined {
    if (commit === undefined) return ''
    let text = ''
    let members = 0
    for (const name of COMMIT_NAMES) {
      const value = commit[name]
      if (value === undefined) continue
      if (!this.#hash.accepts(value)) return undefined
      text += `${members === 0 ? '' : ','}"${name}":"${value}"`
      members += 1
    }
    return members === Object.keys(commit).length ? `,"commit":{${text}}` : undefined
  }
}

const ENTRY = new RegExp(
  `\\{"agent":"(${FORMS.did})"` +
    `(?:,"cap":"(${FORMS.cid})")?` +
    `(?:,"cause":"(${FORMS.hex32})")?` +
    `(?:,"commit":\\{("[a-z]+":"${FORMS.hex32}"(?:,"[a-z]+":"${FORMS.hex32}")*)\\})?` +
    `(?:,"decision":"(${FORMS.decision})")?` +
    `,"id":"(${FORMS.id})","kind":"([a-z.]+)"` +
    `(?:,"message":"(${FORMS.message})")?` +
    `(?:,"peer":"(${FORMS.did})")?` +
    `(?:,"reason":"(${FORMS.reason})")?` +
    `(?:,"ref":"(${FORMS.cid})")?` +
    `,"seq":([1-9][0-9]{0,15})` +
    `(?:,"session":"(${FORMS.session})")?` +
    `(?:,"tool":"(${FORMS.tool})")?` +
    `,"ts":(0|[1-9][0-9]{0,15}),"v":1\\}`,
  'y',
)

/** Where an entry's text stands in a longer one, in which every character is one byte. */
export interface Span {
  readonly start: number
  /** Behind its last character. */
  readonly end: number
}

/**
 * Reads an entry from its canonical text, with its members in canonical order; undefined where the long way has to decide.
 */
export function readEntryText(text: string, { start, end }: Span, keeps: RuleCheck): AuditEntry | undefined {
  ENTRY.lastIndex = start
  const found = ENTRY.exec(text)
  if (found === null || ENTRY.lastIndex !== end) return undefined
  const [, agent, cap, cause, committed, decision, id, kind, message, peer, reason, ref, seq, session, tool, ts] = found
  const entry: Record<string, unknown> = { agent }
  if (cap !== undefined) entry['cap'] = cap
  if (cause !== undefined) entry['cause'] = cause
  if (committed !== undefined) entry['commit'] = readCommitments(committed)
  if (decision !== undefined) entry['decision'] = decision
  entry['id'] = id
  entry['kind'] = kind
  if (message !== undefined) entry['message'] = message
  if (peer !== undefined) entry['peer'] = peer
  if (reason !== undefined) entry['reason'] = reason
  if (ref !== undefined) entry['ref'] = ref
  entry['seq'] = Number(seq)
  if (session !== undefined) entry['session'] = session
  if (tool !== undefined) entry['tool'] = tool
  entry['ts'] = Number(ts)
  entry['v'] = 1
  const read = entry as AuditEntry
  const isRight = isPlace(read.seq) && isTime(read.ts) && (committed === undefined || read.commit !== undefined)
  return isRight && knownKinds.allows(read, keeps) ? read : undefined
}

/** Reads `"name":"hex"` pairs; undefined when a name is none of ours, stands twice or in another order. */
function readCommitments(text: string): AuditEntryCommitments | undefined {
  const commitments: Record<string, string> = {}
  let last = ''
  for (const pair of text.split(',')) {
    const name = pair.slice(1, pair.indexOf('"', 1))
    if (name <= last || !COMMIT_NAMES.some((known) => known === name)) return undefined
    commitments[name] = pair.slice(name.length + 4, -1)
    last = name
  }
  return commitments
}

/** An index of a leaf: the largest tree has 2^53 - 1 of them. */
function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < Number.MAX_SAFE_INTEGER
}

function isTime(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
