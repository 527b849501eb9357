/**
 * An export with proofs, verified line by line with nothing but itself: whose log it is by the key log in it, which key signed
 * the checkpoint by the delegations in it, and of each entry that its exact bytes stand at its place of the signed tree.
 */
import { createReadStream } from 'node:fs'
import { decodeEntry, openLogCheckpoint, openLogKey } from '@talos/audit'
import { encodeJcs, fromBase64url, type JsonValue, parseJson, toHex, utf8 } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { IdentityBook, identityOf, newerKeyLog, type VerifiedKeyLog, verifyKeyLog } from '@talos/identity'
import { type Kernel, systemClock } from '@talos/kernel'
import { leafHash, leafIndex, parseTlogProof, type VerifiedCheckpoint, verifyInclusion } from '@talos/merkle'
import { systemCode } from '../../files.ts'
import { EXPORT_FORMAT } from './export.ts'

/** The longest first line: a key log of the largest size that agents tell each other, as JSON, and the rest. */
const MAX_LINE_CHARS = 2_097_152
const MAX_DEPTH = 6

export interface ExportReport {
  readonly agent: Did
  /** The durable name. */
  readonly identity: Did
  readonly checkpoint: VerifiedCheckpoint
  /** Entries that were verified. */
  readonly entries: number
  /** Whether these are all entries of the signed tree. */
  readonly isWhole: boolean
  /** Whether the export was written to its end. */
  readonly isEnded: boolean
}

export interface VerifyExportOptions {
  readonly path: string
  readonly kernel: Kernel
  /** Whose log it has to be: the durable name, or any key that the agent has or had. */
  readonly did?: Did
  /** A key log of the agent that the verifier has: what it says beyond the export's counts as well. */
  readonly known?: VerifiedKeyLog
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void
}

interface Header {
  readonly agent: Did
  readonly identity: Did
  readonly names: readonly Did[]
  readonly checkpoint: VerifiedCheckpoint
}

/** @throws TalosError `CLI_FILE_UNREADABLE`, `CLI_EXPORT_UNREADABLE`, `CLI_EXPORT_INVALID` */
export async function verifyExport({
  path,
  kernel,
  did,
  known,
  onProgress,
}: VerifyExportOptions): Promise<ExportReport> {
  let header: Header | undefined
  let line = 0
  let entries = 0
  let before = -1
  let isEnded = false
  for await (const { text, isEnded: isLine } of linesOf(path)) {
    line += 1
    // What stops within a line was cut off there, unless only the line's end is gone.
    if (header !== undefined && !isLine && !isJson(text)) break
    const value = objectOf(text, line)
    if (header === undefined) {
      header = openHeader(value, { line, kernel, known })
      if (did !== undefined && !header.names.includes(did)) throw invalid(line, 'it is the log of another agent')
      continue
    }
    if (isEnded) throw invalid(line, 'it is behind the end')
    if ('end' in value) {
      if (countOf(value['end']) !== entries) throw invalid(line, 'it tells of another number of entries')
      isEnded = true
      continue
    }
    const index = verifyLine(value, { line, header, kernel })
    if (index <= before) throw invalid(line, 'it is not in order')
    before = index
    entries += 1
    onProgress?.({ done: index + 1, total: header.checkpoint.size })
  }
  if (header === undefined) throw unreadable(1, 'it is empty')
  const { agent, identity, checkpoint } = header
  return { agent, identity, checkpoint, entries, isWhole: entries === checkpoint.size, isEnded }
}

interface Line {
  readonly text: string
  /** Whether its end is there. */
  readonly isEnded: boolean
}

/** Lines one after the other, none of which is longer than it may be. */
async function* linesOf(path: string): AsyncGenerator<Line> {
  let rest = ''
  let line = 0
  for await (const piece of piecesOf(path)) {
    const lines = `${rest}${piece}`.split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) yield { text, isEnded: true }
    line += lines.length
    if (rest.length > MAX_LINE_CHARS) throw unreadable(line + 1, 'it is too long')
  }
  if (rest !== '') yield { text: rest, isEnded: false }
}

async function* piecesOf(path: string): AsyncGenerator<string> {
  try {
    yield* createReadStream(path, { encoding: 'utf8' })
  } catch (cause) {
    throw new TalosError('CLI_FILE_UNREADABLE', { path, reason: systemCode(cause) }, { cause })
  }
}

type Members = Readonly<Record<string, JsonValue>>

function objectOf(text: string, line: number): Members {
  const value = attempt(
    () => parseJson(text, { maxBytes: MAX_LINE_CHARS, maxDepth: MAX_DEPTH }),
    (cause) => unreadable(line, 'it is no JSON', cause),
  )
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unreadable(line, 'it is no object')
  return value as Members
}

function isJson(text: string): boolean {
  try {
    parseJson(text, { maxBytes: MAX_LINE_CHARS, maxDepth: MAX_DEPTH })
    return true
  } catch {
    return false
  }
}

interface HeaderContext extends Pick<VerifyExportOptions, 'kernel'> {
  readonly line: number
  readonly known: VerifiedKeyLog | undefined
}

function openHeader(value: Members, { line, kernel, known }: HeaderContext): Header {
  const { format, checkpoint: note, logKeys, keyLog: text } = value
  if (format !== EXPORT_FORMAT) throw unreadable(line, 'it has no checkpoint')
  if (typeof note !== 'string' || typeof text !== 'string' || !Array.isArray(logKeys))
    throw unreadable(line, 'it misses members')
  return attempt(
    () => {
      const carried = verifyKeyLog({ kernel, text, nowMs: systemClock.nowMs() })
      const keyLog = known === undefined ? carried : newest(carried, known)
      const agents = new IdentityBook([identityOf(keyLog)])
      const opened = logKeys.map((bytes) => openLogKey(fromBase64url(String(bytes)), { kernel, agents }))
      const [last] = opened.slice(-1)
      if (last === undefined || !keyLog.keys.some(({ did }) => did === last.issuer)) {
        throw invalid(line, 'the key of the log is not by a key of the agent')
      }
      // Whoever has a key that the agent lost could have signed any tree with what it delegated.
      const isLost = ({ issuer }: (typeof opened)[number]) => agents.standingOf(issuer) === 'compromised'
      if (isLost(last)) throw invalid(line, 'the key of the log is by a key that is compromised')
      const formerKeys = opened
        .slice(0, -1)
        .filter((one) => !isLost(one))
        .map(({ key }) => key)
      const checkpoint = openLogCheckpoint(note, { logKey: last.key, formerKeys, kernel })
      const names = [keyLog.name, keyLog.did, ...keyLog.keys.map(({ did }) => did)]
      return { agent: last.agent, identity: keyLog.name, names, checkpoint }
    },
    (cause) => invalid(line, 'the log, its key or its checkpoint does not verify', cause),
  )
}

/** The newer of two states of one agent's key log. @throws TalosError `KEY_LOG_*` where they are not that */
function newest(one: VerifiedKeyLog, other: VerifiedKeyLog): VerifiedKeyLog {
  return one.entries.length <= other.entries.length ? newerKeyLog(one, other) : newerKeyLog(other, one)
}

function verifyLine(
  value: Members,
  { line, header, kernel }: { readonly line: number; readonly header: Header; readonly kernel: Kernel },
): number {
  const { index, hash, bytes, proof: text, entry } = value
  if (typeof bytes !== 'string' || typeof text !== 'string' || typeof index !== 'number') {
    throw unreadable(line, 'it has no proof')
  }
  return attempt(
    () => {
      const { checkpoint } = header
      const body = utf8(bytes)
      const leaf = leafHash(kernel, body)
      const said = decodeEntry(body)
      if (said.seq !== index || said.agent !== header.agent) throw invalid(line, 'its bytes are of another place')
      if (hash !== toHex(leaf)) throw invalid(line, 'its hash is not that of its bytes')
      if (entry === undefined || encodeJcs(entry) !== bytes) throw invalid(line, 'its entry is not what its bytes say')
      const proven = parseTlogProof(text)
      if (proven.index !== index || proven.checkpoint !== checkpoint.note) {
        throw invalid(line, 'its proof is for another place or tree')
      }
      const { size, root } = checkpoint
      verifyInclusion({ index: leafIndex(index), size, leafHash: leaf, proof: proven.proof, root, kernel })
      return index
    },
    (cause) => invalid(line, 'its proof does not verify', cause),
  )
}

function countOf(value: JsonValue | undefined): unknown {
  return typeof value === 'object' && value !== null && 'entries' in value ? value['entries'] : undefined
}

/** A refusal of ours stays as it is. */
function attempt<T>(work: () => T, refuse: (cause: unknown) => TalosError): T {
  try {
    return work()
  } catch (cause) {
    if (isTalosError(cause, 'CLI_EXPORT_INVALID')) throw cause
    throw refuse(cause)
  }
}

function invalid(line: number, reason: string, cause?: unknown): TalosError {
  return new TalosError('CLI_EXPORT_INVALID', { line, reason }, { cause })
}

function unreadable(line: number, reason: string, cause?: unknown): TalosError {
  return new TalosError('CLI_EXPORT_UNREADABLE', { line, reason }, { cause })
}
