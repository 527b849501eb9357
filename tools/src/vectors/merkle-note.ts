/** Vectors of notes, checkpoints, cosignatures, proof texts and tile paths; keys and signatures by `node:crypto`. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { hex, LEAVES, type MerkleCase, path, ROOTS, sha256 } from './merkle-tree.ts'

interface NoteKey {
  readonly name: string
  readonly type: number
  readonly privateKey: KeyObject
  readonly publicKey: Buffer
  readonly id: Buffer
  readonly vkey: string
}

/** A key whose seed is 32 times one byte. */
function noteKey(name: string, type: number, seedByte: number): NoteKey {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seedByte)])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  const id = sha256(name, '\n', Buffer.of(type), publicKey).subarray(0, 4)
  const vkey = `${name}+${hex(id)}+${Buffer.concat([Buffer.of(type), publicKey]).toString('base64')}`
  return { name, type, privateKey, publicKey, id, vkey }
}

/** A signature line; of type 4 with its time. */
function signatureLine(key: NoteKey, text: string, timeS = 0): string {
  const time = Buffer.alloc(key.type === 4 ? 8 : 0)
  if (key.type === 4) time.writeBigUInt64BE(BigInt(timeS))
  const message = key.type === 4 ? `cosignature/v1\ntime ${timeS}\n${text}` : text
  const signature = sign(null, Buffer.from(message), key.privateKey)
  return `— ${key.name} ${Buffer.concat([key.id, time, signature]).toString('base64')}\n`
}

const ORIGIN = 'talos/z6MkvectorLog/1'
const LOG = noteKey(ORIGIN, 1, 1)
const OTHER = noteKey('other.example/log', 1, 2)
const WITNESS = noteKey('witness.example/w', 4, 3)
const TEXT = 'a first line\n\nand a third, after an empty one\n'
const CHECKPOINT = `${ORIGIN}\n8\n${Buffer.from(String(ROOTS[7]), 'hex').toString('base64')}\n`
const SIGNED = `${CHECKPOINT}\n${signatureLine(LOG, CHECKPOINT)}`

function refused(clause: string, error: string, operation: string) {
  return (description: string, input: Record<string, unknown>): MerkleCase => ({
    clause,
    description,
    input: { operation, ...input },
    error,
  })
}

export function keyCases(): MerkleCase[] {
  const valid = [LOG, WITNESS].map((key) => ({
    clause: '11.3',
    description: `a verifier key of type ${key.type}`,
    input: { operation: 'verifier-key', text: key.vkey },
    expected: { name: key.name, type: key.type, keyIdHex: hex(key.id), publicKeyHex: hex(key.publicKey) },
  }))
  const [name, id, key] = LOG.vkey.split('+')
  const bad = refused('11.3', 'NOTE_KEY_INVALID', 'verifier-key')
  return [
    ...valid,
    bad('no key', { text: `${name}+${id}` }),
    bad('an id of another key', { text: `${name}+00000000+${key}` }),
    bad('an id in upper case', { text: `${name}+${id?.toUpperCase()}+${key}` }),
    bad('a name with a space', { text: `a b+${id}+${key}` }),
    bad('a signature type that is not known', { text: noteKey('x', 2, 1).vkey }),
    bad('a public key of 31 bytes', {
      text: `${name}+${id}+${Buffer.concat([Buffer.of(1), LOG.publicKey.subarray(1)]).toString('base64')}`,
    }),
    bad('base64 that ends too early', { text: `${name}+${id}+${key?.slice(0, -1)}` }),
    bad('base64 with stray bits', { text: `${name}+${id}+${key?.slice(0, -1)}=` }),
  ]
}

export function noteCases(): MerkleCase[] {
  const line = signatureLine(LOG, TEXT)
  const foreign = signatureLine(OTHER, TEXT)
  const keys = [LOG.vkey]
  const opened = (description: string, note: string, unknown: number): MerkleCase => ({
    clause: '11.3',
    description,
    input: { operation: 'open-note', note, keys },
    expected: { text: TEXT, signedBy: [ORIGIN], unknown },
  })
  const bad = refused('11.3', 'NOTE_INVALID', 'open-note')
  const wrong = refused('11.3', 'NOTE_SIGNATURE_INVALID', 'open-note')
  const alone = refused('11.3', 'NOTE_UNSIGNED', 'open-note')
  const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  return [
    opened('one signature, and an empty line inside of the text', `${TEXT}\n${line}`, 0),
    opened('a signature of a key that is not known', `${TEXT}\n${foreign}${line}`, 1),
    opened('the same signature twice', `${TEXT}\n${line}${line}`, 0),
    opened(
      'a known name with another id is another key',
      `${TEXT}\n${line}— ${ORIGIN} ${encoded(Buffer.alloc(68))}\n`,
      1,
    ),
    opened('a hundred lines', `${TEXT}\n${line}${foreign.repeat(99)}`, 99),
    bad('a hundred and one lines', { note: `${TEXT}\n${line}${foreign.repeat(100)}`, keys }),
    bad('no empty line', { note: `a line\n${line}`, keys }),
    bad('no signature', { note: `${TEXT}\n`, keys }),
    bad('a last line without its end', { note: `${TEXT}\n${line}`.slice(0, -1), keys }),
    bad('a tab', { note: `a\tb\n\n${line}`, keys }),
    bad('a carriage return', {
      note: `${TEXT}\n${line}`.replaceAll('\n', '\r\n').replaceAll('\r\n\r\n', '\n\n'),
      keys,
    }),
    bad('a hyphen instead of the dash', { note: `${TEXT}\n${line.replace('—', '-')}`, keys }),
    bad('two spaces', { note: `${TEXT}\n${line.replace('— ', '—  ')}`, keys }),
    bad('a name with a plus', { note: `${TEXT}\n— a+b ${encoded(Buffer.alloc(68))}\n`, keys }),
    bad('a signature with no bytes after the id', { note: `${TEXT}\n— a ${encoded(Buffer.alloc(4))}\n`, keys }),
    bad('a signature that is not base64', { note: `${TEXT}\n— a AAAAA\n`, keys }),
    wrong('a changed text', { note: `${TEXT.replace('first', 'First')}\n${line}`, keys }),
    wrong('a changed signature', {
      note: `${TEXT}\n— ${ORIGIN} ${encoded(Buffer.concat([LOG.id, Buffer.alloc(64)]))}\n`,
      keys,
    }),
    wrong('a good signature and a wrong one of the same key', {
      note: `${TEXT}\n${line}— ${ORIGIN} ${encoded(Buffer.concat([LOG.id, Buffer.alloc(64)]))}\n`,
      keys,
    }),
    alone('signed by nobody who is known', { note: `${TEXT}\n${foreign}`, keys }),
    alone('no key passed', { note: `${TEXT}\n${line}`, keys: [] }),
  ]
}

export function checkpointCases(): MerkleCase[] {
  const cosigned = `${SIGNED}${signatureLine(WITNESS, CHECKPOINT, 1_700_000_000)}`
  const keys = { logKey: LOG.vkey, witnessKeys: [WITNESS.vkey] }
  const opened = (description: string, clause: string, note: string, cosignatures: unknown[]): MerkleCase => ({
    clause,
    description,
    input: { operation: 'open-checkpoint', note, ...keys },
    expected: { origin: ORIGIN, size: 8, rootHex: ROOTS[7], cosignatures },
  })
  const bad = refused('11.4', 'CHECKPOINT_INVALID', 'open-checkpoint')
  const signed = (text: string): Record<string, unknown> => ({ note: `${text}\n${signatureLine(LOG, text)}`, ...keys })
  const [, size, root] = CHECKPOINT.split('\n')
  const shifted = Buffer.concat([WITNESS.id, Buffer.alloc(8, 0xff), Buffer.alloc(64)]).toString('base64')
  return [
    opened('a checkpoint', '11.4', SIGNED, []),
    opened('a checkpoint with a cosignature', '11.5', cosigned, [{ name: WITNESS.name, timeS: 1_700_000_000 }]),
    bad('an origin that is not the log', signed(`other\n${size}\n${root}\n`)),
    bad('an empty origin', signed(`\n${size}\n${root}\n`)),
    bad('no root', signed(`${ORIGIN}\n${size}\n`)),
    bad('no size', signed(`${ORIGIN}\n`)),
    bad('a size with a leading zero', signed(`${ORIGIN}\n08\n${root}\n`)),
    bad('a size of 2^53', signed(`${ORIGIN}\n9007199254740992\n${root}\n`)),
    bad('a size with a sign', signed(`${ORIGIN}\n+8\n${root}\n`)),
    bad('a root of 31 bytes', signed(`${ORIGIN}\n8\n${Buffer.alloc(31).toString('base64')}\n`)),
    bad(
      'a root in base64url',
      signed(`${ORIGIN}\n8\n${root?.replaceAll('+', '-').replaceAll('/', '_').slice(0, -2)}_=\n`),
    ),
    bad('an empty extension line', signed(`${CHECKPOINT}\nx\n`)),
    refused(
      '11.4',
      'NOTE_UNSIGNED',
      'open-checkpoint',
    )('a witness signed, the log did not', {
      note: `${CHECKPOINT}\n${signatureLine(WITNESS, CHECKPOINT, 1)}`,
      ...keys,
    }),
    refused(
      '11.5',
      'NOTE_SIGNATURE_INVALID',
      'open-checkpoint',
    )('a cosignature with another time', {
      note: `${SIGNED}— ${WITNESS.name} ${shifted}\n`,
      ...keys,
    }),
    refused(
      '11.5',
      'NOTE_SIGNATURE_INVALID',
      'open-checkpoint',
    )('a cosignature of 71 bytes', {
      note: `${SIGNED}— ${WITNESS.name} ${Buffer.concat([WITNESS.id, Buffer.alloc(71)]).toString('base64')}\n`,
      ...keys,
    }),
  ]
}

export function tlogProofCases(): MerkleCase[] {
  const hashes = path(5, LEAVES).map((hash) => hash.toString('base64'))
  const text = (lines: readonly string[]): string => [...lines, '', SIGNED].join('\n')
  const header = 'c2sp.org/tlog-proof@v1'
  const base = { logKey: LOG.vkey, leafHashHex: hex(sha256(Buffer.of(0), LEAVES[5] ?? Buffer.alloc(0))) }
  const valid = (description: string, lines: readonly string[]): MerkleCase => ({
    clause: '11.6',
    description,
    input: { operation: 'tlog-proof', text: text(lines), ...base },
    expected: { index: 5, size: 8 },
  })
  const bad = (description: string, lines: readonly string[], error = 'TLOG_PROOF_INVALID'): MerkleCase => ({
    clause: '11.6',
    description,
    input: { operation: 'tlog-proof', text: text(lines), ...base },
    error,
  })
  return [
    valid('a proof', [header, 'index 5', ...hashes]),
    valid('a proof with an extra line', [header, 'extra AAEC', 'index 5', ...hashes]),
    bad('another version', ['c2sp.org/tlog-proof@v2', 'index 5', ...hashes]),
    bad('no index', [header, ...hashes]),
    bad('nothing but the header', [header]),
    bad('an index with a leading zero', [header, 'index 05', ...hashes]),
    bad('an index of 2^53 - 1', [header, 'index 9007199254740991', ...hashes]),
    bad('an extra line that is not base64', [header, 'extra !', 'index 5', ...hashes]),
    bad('a hash of 31 bytes', [header, 'index 5', Buffer.alloc(31).toString('base64')]),
    bad('54 hashes', [header, 'index 5', ...Array.from({ length: 54 }, () => hashes[0] ?? '')]),
    bad('another index', [header, 'index 4', ...hashes], 'MERKLE_PROOF_MISMATCH'),
    bad('a hash too few', [header, 'index 5', ...hashes.slice(1)], 'MERKLE_PROOF_LENGTH'),
    {
      clause: '11.6',
      description: 'no checkpoint',
      input: { operation: 'tlog-proof', text: `${header}\nindex 5\n`, ...base },
      error: 'TLOG_PROOF_INVALID',
    },
  ]
}

export function tileCases(): MerkleCase[] {
  const valid = (level: number | string, index: number, width: number, expected: string): MerkleCase => ({
    clause: '11.7',
    description: `the path of tile ${index} of level ${level}, ${width} wide`,
    input: { operation: 'tile-path', level, index, width },
    expected: { path: expected },
  })
  const bad = refused('11.7', 'MERKLE_RANGE', 'tile-path')
  return [
    valid(0, 0, 256, 'tile/0/000'),
    valid(0, 5, 17, 'tile/0/005.p/17'),
    valid(1, 1234, 256, 'tile/1/x001/234'),
    valid(2, 1_234_067, 256, 'tile/2/x001/x234/067'),
    valid('entries', 1000, 1, 'tile/entries/x001/000.p/1'),
    bad('a level past the last', { level: 7, index: 0, width: 256 }),
    bad('a width of 0', { level: 0, index: 0, width: 0 }),
    bad('a width of 257', { level: 0, index: 0, width: 257 }),
    bad('a negative index', { level: 0, index: -1, width: 1 }),
  ]
}
