/** Building from parts, and reports for people. */
import { decodeJcs, encodeJcs, fromBase64, fromBase64url, type JsonValue, utf8 } from '@talos/bytes'
import {
  type ProofBundleDisclosure,
  type ProofBundleInclusion,
  type ProofBundleLogHead,
  type ProofBundleRevocationList,
  parseProofBundle,
} from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { type Kernel, loadKernel } from '@talos/kernel'
import {
  buildProofBundle,
  describeProof,
  type ProofDisclosure,
  type ProofLogHead,
  type ProofParts,
  type ProofRevocationList,
  verifyProofBundle,
} from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const casesOf = (file: string) =>
  repoVectors(file).cases.map(({ description, input }) => ({ description, text: String(input['bundle']) }))
const cases = casesOf('proof/valid.json')
const textOf = (wanted: string): string => String(cases.find(({ description }) => description === wanted)?.text)
const ordinary = textOf('a call and its result')

/** The parts of a whole bundle, as the two sides have them. */
function partsOf(text: string): ProofParts {
  const { identity, authority, intent, execution, disclosures, logs, witnesses, anchors } = parseProofBundle(
    decodeJcs(text),
  )
  if (!identity || !authority || !intent || !execution) throw new Error('a layer is missing')
  const inclusion = ({ entry, proof }: ProofBundleInclusion) => ({ entry: fromBase64url(entry), proof })
  const party = ({ did, logKey }: Pick<typeof identity.agent, 'did' | 'logKey'>) => ({
    did,
    logKey: fromBase64url(logKey),
  })
  return {
    agent: party(identity.agent),
    executor: party(identity.executor),
    proofs: authority.proofs.map((proof) => fromBase64url(proof)),
    ...(authority.revocations.length > 0 && { revocations: authority.revocations.map((one) => fromBase64url(one)) }),
    ...(intent.invocation !== undefined && { invocation: fromBase64url(intent.invocation) }),
    intent: inclusion(intent.inclusion),
    receipt: fromBase64url(execution.receipt),
    outcome: inclusion(execution.inclusion),
    ...(execution.invoked && { invoked: inclusion(execution.invoked) }),
    ...(disclosures.length > 0 && { disclosures: disclosures.map(disclosureOf) }),
    ...(authority.heads.length > 0 && { heads: authority.heads.map(listOf) }),
    ...(logs && {
      logs: {
        ...(logs.agent && { agent: headOf(logs.agent) }),
        ...(logs.executor && { executor: headOf(logs.executor) }),
      },
    }),
    ...(witnesses.length > 0 && { witnesses: witnesses.map(party) }),
    ...(anchors.length > 0 && { anchors }),
    kernel,
  }
}

function listOf({ head, items }: ProofBundleRevocationList): ProofRevocationList {
  return {
    head: fromBase64url(head),
    items: items.map((item) => (item.startsWith('bafyrei') ? item : fromBase64url(item))),
  }
}

function headOf({ checkpoint, consistency }: ProofBundleLogHead): ProofLogHead {
  return { checkpoint, consistency: consistency.map((hash) => fromBase64(hash)) }
}

function disclosureOf({ layer, path, salt, value, bytes = '', ...field }: ProofBundleDisclosure): ProofDisclosure {
  if (path === 'arguments' || path === 'output') {
    const { pointer = '', index = 0, proof = [] } = field
    const text = value === undefined ? fromBase64url(bytes) : utf8(encodeJcs(value))
    const hashes = proof.map((hash) => fromBase64(hash))
    return { layer, path, salt: fromBase64url(salt), pointer, text, index, proof: hashes }
  }
  const opening = { layer, path, salt: fromBase64url(salt) }
  return value === undefined ? { ...opening, bytes: fromBase64url(bytes) } : { ...opening, value }
}

function refusalOf(run: () => unknown): object {
  try {
    run()
  } catch (error) {
    if (isTalosError(error)) return { code: error.code, ...error.details }
    return { foreign: String(error) }
  }
  return { code: 'accepted' }
}

describe('building', () => {
  it.each([...cases, ...casesOf('proof/full.json')])(
    'gives the bytes that the specification gives: $description',
    ({ text }) => {
      expect(buildProofBundle(partsOf(text))).toBe(text)
    },
  )

  it('gives bundles with hidden contents, whatever their conditions leave open, and none without the beginning', () => {
    for (const { description, text } of casesOf('proof/hidden.json')) {
      const { verdict, completeness } = verifyProofBundle(text, { kernel })
      if (verdict === 'invalid') continue
      const built = refusalOf(() => expect(buildProofBundle(partsOf(text))).toBe(text))
      const expected = completeness.missing.includes('PROOF_GAP')
        ? { code: 'PROOF_PARTS_INVALID', reason: 'PROOF_GAP' }
        : { code: 'accepted' }
      expect({ description, built }).toEqual({ description, built: expected })
    }
  })

  it('refuses parts of two calls, and says which check they fail', () => {
    const parts = partsOf(ordinary)
    const other = partsOf(textOf('two links'))
    const build = (changes: Partial<ProofParts>) => refusalOf(() => buildProofBundle({ ...parts, ...changes }))
    const reason = (code: string) => ({ code: 'PROOF_PARTS_INVALID', reason: code })
    expect(build({ receipt: other.receipt })).toEqual(reason('PROOF_EXECUTION_PARTIES'))
    expect(build({ proofs: other.proofs })).toEqual(reason('PROOF_AUTHORITY_PROOFS'))
    expect(build({ intent: other.intent })).toEqual(reason('PROOF_INTENT_MISMATCH'))
    expect(build({ agent: parts.executor })).toEqual(reason('PROOF_INTENT_INCLUSION'))
    expect(build({ invocation: new Uint8Array(1_000_000) })).toEqual(reason('PROOF_TOO_LARGE'))
  })

  it('refuses values that canonical JSON cannot say', () => {
    const open = (value: JsonValue): ProofDisclosure => ({
      layer: 'intent',
      path: 'params',
      salt: new Uint8Array(32),
      value,
    })
    const build = (value: JsonValue) =>
      refusalOf(() => buildProofBundle({ ...partsOf(ordinary), disclosures: [open(value)] }))
    expect(build('\ud800')).toEqual({ code: 'PROOF_PARTS_INVALID', reason: 'JSON_INVALID' })
    expect(build(1.5)).toEqual({ code: 'PROOF_PARTS_INVALID', reason: 'PROOF_FORM_INVALID' })
  })

  it('lets a defect of its own surface as what it is', () => {
    const value = {
      get broken(): JsonValue {
        throw new RangeError('a defect')
      },
    }
    const disclosures: ProofDisclosure[] = [{ layer: 'intent', path: 'params', salt: new Uint8Array(32), value }]
    const build = () => buildProofBundle({ ...partsOf(ordinary), disclosures })
    expect(refusalOf(build)).toEqual({ foreign: 'RangeError: a defect' })
  })
})

describe('a defective kernel', () => {
  it.each([1, 2, 3])('is no fault of the bundle: call %i for signatures throws', (failing) => {
    let calls = 0
    const count = (): void => {
      calls += 1
      if (calls === failing) throw new RangeError('a defect')
    }
    const broken: Kernel = {
      ...kernel,
      ed25519Verify: (publicKey, message, signature) => {
        count()
        return kernel.ed25519Verify(publicKey, message, signature)
      },
      verifyEnvelopes: (items) => {
        count()
        return kernel.verifyEnvelopes(items)
      },
    }
    const verify = () => verifyProofBundle(textOf('a call and its result'), { kernel: broken })
    expect(refusalOf(verify)).toEqual({ foreign: 'RangeError: a defect' })
  })
})

describe('the report for people', () => {
  const linesOf = (text: string) => describeProof(verifyProofBundle(text, { kernel }))

  it('tells who, what, when and where', () => {
    const lines = linesOf(ordinary)
    expect(lines[0]).toBe('VALID: proves a call and its outcome')
    expect(lines).toContain('command: mcp:files/tool/read_text_file')
    expect(lines).toContain('asked: 2026-01-01T00:00:00.000Z (clock of the agent)')
    expect(lines).toContain('decided: 2026-01-01T00:00:00.250Z (clock of the executor)')
    expect(lines.filter((line) => line.endsWith(': valid'))).toHaveLength(5)
    expect(lines).toContain('disclosures: absent')
    expect(lines).toContain('integrity: intact')
    expect(lines).toContain('completeness: no gap')
    expect(lines).toContain('witnessed: by 0')
    expect(lines).toContain('anchored: no')
  })

  it('tells whether a refusal is explained by the delegations', () => {
    const confirmed = linesOf(textOf('a capability for another tool'))
    expect(confirmed[0]).toBe('VALID: proves a refusal')
    expect(confirmed).toContain('denied: CAPABILITY_DENIED > CAPABILITY_SCOPE; the delegations give the same reason')
    expect(confirmed).toContain('authority: did not allow the call')
    expect(confirmed.filter((line) => line.includes('invalid'))).toEqual([])
    expect(confirmed).toContain('  authority.allowed: the delegations give CAPABILITY_SCOPE')
    const told = linesOf(textOf('a call made twice'))
    expect(told).toContain('denied: CAPABILITY_DENIED > CAPABILITY_REPLAY; the reason is the word of the executor')
  })

  it('tells what was not asked from what is not there', () => {
    const unreadable = linesOf('{}')
    expect(unreadable).toContain('form: invalid')
    expect(unreadable).toContain('authority: not asked')
    expect(unreadable).toContain('anchors: absent')
    const bundle = JSON.parse(ordinary)
    const { invocation } = bundle.intent
    bundle.intent.invocation = `${invocation.slice(0, 20)}${invocation[20] === 'A' ? 'B' : 'A'}${invocation.slice(21)}`
    const broken = linesOf(JSON.stringify(bundle))
    expect(broken).toContain('intent: invalid')
    expect(broken).toContain('authority: not all asked')
    expect(broken).toContain('disclosures: absent')
  })

  it('tells what failed, and what is missing', () => {
    const { execution: _execution, ...rest } = JSON.parse(ordinary)
    const lines = linesOf(JSON.stringify(rest))
    expect(lines[0]).toBe('INCOMPLETE')
    expect(lines).toContain('intent: valid')
    expect(lines).toContain('execution: absent')
    expect(lines.join('\n')).toContain('[PROOF_EXECUTION_ABSENT]')
    expect(lines).toContain('completeness: an intent without a proven outcome')
    expect(lines).toContain('integrity: intact')
    expect(lines).toContain('level: standard, which asks for more (PROOF_EXECUTION_ABSENT)')
  })

  it('prints a time that no calendar has as a number', () => {
    const report = verifyProofBundle(ordinary, { kernel })
    if (report.facts === undefined) throw new Error('the bundle is not valid')
    const late = { ...report, facts: { ...report.facts, decidedAtMs: Number.MAX_SAFE_INTEGER } }
    expect(describeProof(late)).toContain(`decided: ${Number.MAX_SAFE_INTEGER} ms (clock of the executor)`)
  })
})
