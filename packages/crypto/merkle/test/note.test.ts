/** Notes, checkpoints, cosignatures and proof texts: what is written reads back, and no wrong signer gets a line. */
import { concatBytes, toBase64, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import {
  cosignCheckpoint,
  formatCheckpoint,
  formatTlogProof,
  formatVerifierKey,
  leafIndex,
  logVerifierKey,
  MAX_EXTRA_CHARS,
  MAX_KEY_NAME_CHARS,
  MAX_NOTE_CHARS,
  NOTE_COSIGNATURE,
  NOTE_ED25519,
  type NoteSigner,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseTlogProof,
  parseVerifierKey,
  signCheckpoint,
  signNote,
  splitNote,
  treeSize,
  verifierKey,
  verifyTlogProof,
} from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import { naiveLeaf } from './naive.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const origin = 'talos/z6MkLog/1'
const root = naiveLeaf('the only leaf')

function signerOf(byte: number): NoteSigner {
  const seed = new Uint8Array(32).fill(byte)
  return {
    publicKey: kernel.ed25519PublicKey(seed),
    sign: async (message) => kernel.ed25519Sign(seed, message),
  }
}

const logSigner = signerOf(1)
const logKey = logVerifierKey({ origin, publicKey: logSigner.publicKey, kernel })
const checkpoint = { origin, size: treeSize(1), root }
const signed = await signCheckpoint({ ...checkpoint, signer: logSigner, kernel })

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    return isTalosError(error) ? error.code : 'a foreign error'
  }
  return 'accepted'
}

describe('a verifier key', () => {
  it('reads back from its text, in both types', () => {
    for (const type of [NOTE_ED25519, NOTE_COSIGNATURE] as const) {
      const key = verifierKey({ name: 'witness.example', type, publicKey: logSigner.publicKey, kernel })
      expect(parseVerifierKey(formatVerifierKey(key), kernel)).toEqual(key)
    }
  })

  it('has a name without spaces, plus signs and controls, of at most 256 characters', async () => {
    const named = (name: string) => () =>
      verifierKey({ name, type: NOTE_ED25519, publicKey: logSigner.publicKey, kernel })
    const bad = ['', 'a b', 'a+b', 'a\u00a0b', 'a\u0085b', 'a\tb', '\ud800', 'x'.repeat(MAX_KEY_NAME_CHARS + 1)]
    for (const name of bad) expect(await codeOf(named(name))).toBe('NOTE_KEY_INVALID')
    expect(await codeOf(named('x'.repeat(MAX_KEY_NAME_CHARS)))).toBe('accepted')
    expect(await codeOf(named('à/è'))).toBe('accepted')
  })

  it('has 32 bytes', async () => {
    const short = () => verifierKey({ name: 'a', type: NOTE_ED25519, publicKey: new Uint8Array(31), kernel })
    expect(await codeOf(short)).toBe('NOTE_KEY_INVALID')
  })
})

describe('signing a note', () => {
  it('gives a note that its key opens', async () => {
    const text = 'one\n\ntwo\n'
    const note = await signNote({ text, name: 'a', signer: logSigner, kernel })
    const key = verifierKey({ name: 'a', type: NOTE_ED25519, publicKey: logSigner.publicKey, kernel })
    expect(openNote(note, { keys: [key], kernel })).toEqual({ text, signatures: [{ key }], unknown: 0 })
  })

  it('refuses texts that a note cannot hold', async () => {
    for (const text of ['', 'no end', 'a\rb\n', '\ud800\n', 'a\u0000\n']) {
      expect(await codeOf(() => signNote({ text, name: 'a', signer: logSigner, kernel }))).toBe('NOTE_INVALID')
    }
  })

  it('releases nothing when the signer answers with a signature of another key, or with rubbish', async () => {
    const other = signerOf(2)
    const lying = { ...logSigner, sign: (message: Uint8Array) => other.sign(message) }
    const broken = { publicKey: logSigner.publicKey, sign: async () => new Uint8Array(64) }
    for (const signer of [lying, broken]) {
      expect(await codeOf(() => signNote({ text: 'a\n', name: 'a', signer, kernel }))).toBe('NOTE_SIGNATURE_INVALID')
    }
  })
})

describe('opening a note', () => {
  it('refuses one that is longer than the limit before it reads it', async () => {
    const padded = `${'x'.repeat(MAX_NOTE_CHARS)}\n`
    expect(await codeOf(() => splitNote(padded))).toBe('NOTE_INVALID')
  })

  it('refuses base64 that has two forms', async () => {
    const twice = signed.replace(/=+\n$/, '\n')
    expect(twice).not.toBe(signed)
    expect(await codeOf(() => splitNote(twice))).toBe('NOTE_INVALID')
  })

  it('counts one key once, however often it signed', async () => {
    const line = signed.slice(signed.lastIndexOf('—'))
    const opened = openNote(`${signed}${line}${line}`, { keys: [logKey], kernel })
    expect(opened.signatures).toHaveLength(1)
  })
})

describe('a checkpoint', () => {
  it('reads back, signed and unsigned', () => {
    expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual({ ...checkpoint, extensions: [] })
    const opened = openCheckpoint(signed, { logKey, kernel })
    expect(opened).toEqual({ ...checkpoint, extensions: [], cosignatures: [], note: signed })
  })

  it('of another log keeps its extension lines', () => {
    const text = `${formatCheckpoint(checkpoint)}one\ntwo\n`
    expect(parseCheckpoint(text).extensions).toEqual(['one', 'two'])
  })

  it('is not written for an origin that cannot name a key, or a root of another length', async () => {
    expect(await codeOf(() => formatCheckpoint({ ...checkpoint, origin: 'a b' }))).toBe('CHECKPOINT_INVALID')
    expect(await codeOf(() => formatCheckpoint({ ...checkpoint, root: new Uint8Array(31) }))).toBe('MERKLE_HASH_LENGTH')
  })

  it('is refused without its last line feed', async () => {
    expect(await codeOf(() => parseCheckpoint(formatCheckpoint(checkpoint).slice(0, -1)))).toBe('CHECKPOINT_INVALID')
  })

  it('is refused at every character that is changed', async () => {
    for (let position = 0; position < signed.length; position += 1) {
      const other = signed[position] === 'A' ? 'B' : 'A'
      const changed = `${signed.slice(0, position)}${other}${signed.slice(position + 1)}`
      const code = await codeOf(() => openCheckpoint(changed, { logKey, kernel }))
      expect(code, `position ${position}`).toMatch(/^(NOTE|CHECKPOINT)_/)
    }
  })

  it('of one log is not accepted for another', async () => {
    const elsewhere = logVerifierKey({ origin: 'talos/z6MkOther/1', publicKey: logSigner.publicKey, kernel })
    expect(await codeOf(() => openCheckpoint(signed, { logKey: elsewhere, kernel }))).toBe('NOTE_UNSIGNED')
  })
})

describe('a cosignature', () => {
  const witness = signerOf(3)
  const name = 'witness.example/w'
  const witnessKey = verifierKey({ name, type: NOTE_COSIGNATURE, publicKey: witness.publicKey, kernel })

  it('is reported with its time, beside the log', async () => {
    const note = await cosignCheckpoint({ note: signed, name, signer: witness, timeS: 1_700_000_000, kernel })
    const opened = openCheckpoint(note, { logKey, witnessKeys: [witnessKey], kernel })
    expect(opened.cosignatures).toEqual([{ key: witnessKey, timeS: 1_700_000_000 }])
    expect(openCheckpoint(note, { logKey, kernel }).cosignatures).toEqual([])
  })

  it('is no signature of the log', async () => {
    const note = await cosignCheckpoint({ note: signed, name, signer: witness, timeS: 1, kernel })
    const [text] = [splitNote(note).text]
    const alone = `${text}\n${note.slice(note.lastIndexOf('—'))}`
    const open = () => openCheckpoint(alone, { logKey, witnessKeys: [witnessKey], kernel })
    expect(await codeOf(open)).toBe('NOTE_UNSIGNED')
  })

  it('is not made for a time that is no count of seconds, or for a text that is no checkpoint', async () => {
    for (const timeS of [-1, 1.5, Number.MAX_SAFE_INTEGER + 1]) {
      const cosign = () => cosignCheckpoint({ note: signed, name, signer: witness, timeS, kernel })
      expect(await codeOf(cosign)).toBe('MERKLE_RANGE')
    }
    const note = await signNote({ text: 'no checkpoint\n', name: 'a', signer: logSigner, kernel })
    const cosign = () => cosignCheckpoint({ note, name, signer: witness, timeS: 1, kernel })
    expect(await codeOf(cosign)).toBe('CHECKPOINT_INVALID')
  })

  it('is refused when its time is changed, even to one that no integer holds', async () => {
    const note = await cosignCheckpoint({ note: signed, name, signer: witness, timeS: 5, kernel })
    const signature = splitNote(note).lines[1]!.signature
    for (const time of [Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 6), new Uint8Array(8).fill(255)]) {
      const changed = toBase64(concatBytes(witnessKey.keyId, time, signature.subarray(8)))
      const open = () =>
        openCheckpoint(`${signed}— ${name} ${changed}\n`, { logKey, witnessKeys: [witnessKey], kernel })
      expect(await codeOf(open)).toBe('NOTE_SIGNATURE_INVALID')
    }
  })
})

describe('the text of a proof', () => {
  const text = formatTlogProof({ index: leafIndex(0), proof: [], checkpoint: signed })

  it('reads back and verifies, with and without extra bytes', () => {
    expect(verifyTlogProof(text, { logKey, leafHash: root, kernel }).index).toBe(0)
    const extra = utf8('hint')
    const longer = formatTlogProof({ index: leafIndex(0), proof: [root], checkpoint: signed, extra })
    expect(parseTlogProof(longer)).toEqual({ index: 0, proof: [root], checkpoint: signed, extra })
  })

  it('is refused at every character that is changed', async () => {
    for (let position = 0; position < text.length; position += 1) {
      const other = text[position] === 'A' ? 'B' : 'A'
      const changed = `${text.slice(0, position)}${other}${text.slice(position + 1)}`
      const code = await codeOf(() => verifyTlogProof(changed, { logKey, leafHash: root, kernel }))
      expect(code, `position ${position}`).not.toBe('accepted')
      expect(code, `position ${position}`).not.toBe('a foreign error')
    }
  })

  it('is refused beyond its limits', async () => {
    const long = 'x'.repeat(MAX_NOTE_CHARS + MAX_EXTRA_CHARS + 1)
    expect(await codeOf(() => parseTlogProof(long))).toBe('TLOG_PROOF_INVALID')
    const extra = new Uint8Array((MAX_EXTRA_CHARS / 4) * 3)
    const heavy = formatTlogProof({ index: leafIndex(0), proof: [], checkpoint: signed, extra })
    expect(await codeOf(() => parseTlogProof(heavy))).toBe('TLOG_PROOF_INVALID')
    expect(await codeOf(() => parseTlogProof('no empty line'))).toBe('TLOG_PROOF_INVALID')
  })
})
