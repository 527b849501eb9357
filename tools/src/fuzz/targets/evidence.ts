/** Notes, checkpoints, proofs, log entries and proof bundles (spec 10-audit, 11-merkle, 12-proof-bundle). */
import { decodeEntry, encodeEntry } from '@talos/audit'
import { decodeJcs, encodeJcs, equalBytes, parseJson } from '@talos/bytes'
import {
  formatCheckpoint,
  formatTlogProof,
  formatVerifierKey,
  MAX_PROOF_HASHES,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseTlogProof,
  parseVerifierKey,
  verifyTlogProof,
} from '@talos/merkle'
import { describeProof, verifyProofBundle } from '@talos/proof'
import { casesOf, seedsOf, textOf } from '../seeds.ts'
import { must, NOTHING, type Target, unlessRefused } from '../target.ts'
import { kernel, trusting } from './kernels.ts'

const NOW_S = 1_800_000_000

export function evidenceTargets(): readonly Target[] {
  return [...noteTargets(), ...proofTargets(), ...bundleTargets(), auditTarget()]
}

function noteTargets(): readonly Target[] {
  const notes = seedsOf('merkle/note.json', 'note')
  const named = casesOf('merkle/note.json').flatMap(({ input }) => [input['keys'], input['logKey']].flat())
  const keys = [...new Set(named)].flatMap((key) =>
    typeof key === 'string' ? (unlessRefused(() => parseVerifierKey(key, kernel)) ?? []) : [],
  )
  const [logKey, ...witnessKeys] = keys
  if (logKey === undefined) throw new Error('the vectors name no key')
  const honest = new Set(notes.map(textOf))
  return [
    {
      name: 'note/verifier-key',
      refusals: /^NOTE_KEY_INVALID$/,
      form: 'text',
      seeds: seedsOf('merkle/note.json', 'text', 'logKey', 'keys'),
      run(input) {
        const text = textOf(input)
        must(formatVerifierKey(parseVerifierKey(text, kernel)) === text, 'a taken key is canonical')
      },
    },
    {
      name: 'note/open',
      refusals: /^NOTE_/,
      form: 'text',
      seeds: notes,
      run(input) {
        const note = textOf(input)
        const { text } = openNote(note, { keys, kernel })
        must(
          [...honest].some((other) => other.startsWith(`${text}\n`)),
          'no text opens but what was signed',
        )
      },
    },
    {
      name: 'note/behind-signature',
      refusals: NOTHING,
      form: 'text',
      seeds: notes,
      run(input) {
        const note = textOf(input)
        for (const key of keys) {
          const { text, signatures } = unlessRefused(() => openNote(note, { keys: [key], kernel: trusting })) ?? {}
          must(text === undefined || (note.startsWith(`${text}\n`) && signatures?.length !== 0), 'the text is the note')
          unlessRefused(() => openCheckpoint(note, { logKey: key, witnessKeys, kernel: trusting }))
        }
      },
    },
    {
      name: 'note/checkpoint',
      refusals: /^CHECKPOINT_/,
      form: 'text',
      seeds: notes.map((note) => note.subarray(0, Math.max(0, Buffer.from(note).lastIndexOf('\n\n') + 1))),
      run(input) {
        const text = textOf(input)
        const { origin, size, root, extensions } = parseCheckpoint(text)
        const written = unlessRefused(() => formatCheckpoint({ origin, size, root }))
        const whole = written === undefined ? undefined : written + extensions.map((line) => `${line}\n`).join('')
        must(whole === undefined || whole === text, 'a taken checkpoint is canonical')
      },
    },
  ]
}

function proofTargets(): readonly Target[] {
  const cases = casesOf('merkle/note.json').filter(({ input }) => input['operation'] === 'tlog-proof')
  const seeds = cases.map(({ input }) => new Uint8Array(Buffer.from(String(input['text']))))
  const options = cases.map(({ input }) => ({
    logKey: parseVerifierKey(String(input['logKey']), kernel),
    leafHash: new Uint8Array(Buffer.from(String(input['leafHashHex']), 'hex')),
  }))
  return [
    {
      name: 'tlog-proof',
      refusals: /^(TLOG_PROOF_|NOTE_|CHECKPOINT_|MERKLE_)/,
      form: 'text',
      seeds,
      run(input, random) {
        const text = textOf(input)
        const parsed = unlessRefused(() => parseTlogProof(text))
        if (parsed !== undefined) {
          must(formatTlogProof(parsed) === text, 'a taken proof is canonical')
          must(parsed.proof.length <= MAX_PROOF_HASHES, 'no proof is longer than the largest tree asks for')
        }
        verifyTlogProof(text, { ...random.pick(options), kernel: trusting })
      },
    },
  ]
}

function bundleTargets(): readonly Target[] {
  const seeds = [...seedsOf('proof/valid.json', 'bundle'), ...seedsOf('proof/form.json', 'bundle').filter(isShort)]
  const judge = (input: Uint8Array, used: typeof kernel) => {
    const report = verifyProofBundle(input, { kernel: used, nowS: NOW_S })
    describeProof(report)
    JSON.stringify(report)
    must(report.valid === (report.code === undefined), 'a bundle that is not valid says why')
    must(report.valid === (report.proves !== 'nothing'), 'only a valid bundle proves something')
    must(report.valid === (report.facts !== undefined), 'only a valid bundle tells facts')
    must(!report.valid || report.integrity.intact, 'a valid bundle is intact')
    return report
  }
  return [
    {
      name: 'proof-bundle/verify',
      refusals: NOTHING,
      form: 'json',
      seeds,
      run(input) {
        if (judge(input, kernel).valid) must(unlessRefused(() => decodeJcs(input)) !== undefined, 'it is canonical')
      },
    },
    {
      name: 'proof-bundle/behind-signature',
      refusals: /^(JSON_|INPUT_)/,
      form: 'json',
      seeds,
      run(input) {
        // Written canonically again, so that the edits reach the members.
        judge(new Uint8Array(Buffer.from(encodeJcs(parseJson(input)))), trusting)
      },
    },
  ]
}

function isShort(seed: Uint8Array): boolean {
  return seed.length < 32_768
}

function auditTarget(): Target {
  return {
    name: 'audit-entry',
    refusals: /^(AUDIT_ENTRY_INVALID|SCHEMA_INVALID|JSON_INVALID|INPUT_TOO_(LARGE|DEEP))$/,
    form: 'json',
    seeds: seedsOf('audit/entry.json', 'body'),
    run: (input) => must(equalBytes(encodeEntry(decodeEntry(input)), input), 'a taken entry is canonical'),
  }
}
