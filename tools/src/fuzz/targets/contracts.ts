/** Every generated codec and validator of the contract (spec 01-forms), found by its name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeCbor, encodeCbor, encodeJcs, equalBytes, type IpldValue, type JsonValue, parseJson } from '@talos/bytes'
import * as contracts from '@talos/contracts'
import { jsonSeedsOf, seedsOf, textSeed, VECTORS } from '../seeds.ts'
import { must, type Target, unlessRefused } from '../target.ts'

const SCHEMAS = join(VECTORS, '..', 'schemas')
const EXPORTS = new Map<string, unknown>(Object.entries(contracts))

interface LayoutField {
  readonly name: string
  readonly type: string
  readonly const?: number | string
  readonly minimum?: number
  readonly length?: number
  readonly lengthPrefix?: string
  readonly minLength?: number
}

const INTEGER_BYTES: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4, u64: 8 }

/** The shortest bytes that a layout takes. */
function shortestOf(fields: readonly LayoutField[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      fields.flatMap((field) => {
        const width = INTEGER_BYTES[field.type]
        if (width !== undefined) return [integer(Number(field.const ?? field.minimum ?? 0), width)]
        if (typeof field.const === 'string') return [Buffer.from(field.const, 'hex')]
        const length = field.length ?? field.minLength ?? 0
        const prefix = INTEGER_BYTES[field.lengthPrefix ?? '']
        return [...(prefix === undefined ? [] : [integer(length, prefix)]), Buffer.alloc(length, 0x61)]
      }),
    ),
  )
}

function integer(value: number, width: number): Buffer {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(value, Math.max(0, width - 6), Math.min(width, 6))
  return bytes
}

function functionNamed(name: string): (value: unknown) => unknown {
  const found = EXPORTS.get(name)
  if (typeof found !== 'function') throw new Error(`the contract has no ${name}`)
  return found as (value: unknown) => unknown
}

function layoutTarget(file: string): Target {
  const { $id: id, fields } = JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8'))
  const type = String(id).replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const decode = functionNamed(`decode${type}`)
  const encode = functionNamed(`encode${type}`)
  const shortest = shortestOf(fields)
  decode(shortest)
  return {
    name: `layout/${id}`,
    refusals: /^LAYOUT_INVALID$/,
    form: 'bytes',
    seeds: [shortest, ...(LAYOUT_SEEDS[String(id)]?.() ?? [])],
    run: (input) => must(equalBytes(encode(decode(input)) as Uint8Array, input), 'taken bytes are written again'),
  }
}

const LAYOUT_SEEDS: Readonly<Record<string, () => readonly Uint8Array[]>> = {
  'first-flight': () => seedsOf('session/handshake.json', 'firstFlightHex'),
  'session-message': () => seedsOf('session/ratchet.json', 'messageHex'),
  'link-hello': () => seedsOf('link/hello.json', 'payloadHex'),
  'link-frame': () => seedsOf('link/frames.json', 'streamHex'),
  'routing-envelope': () => seedsOf('link/routing-envelope.json', 'envelopeHex'),
}

const VALIDATORS = [...EXPORTS.keys()]
  .filter((name) => /^parse[A-Z]/.test(name))
  .map((name) => [name, functionNamed(name)] as const)

/** All validators on one value: each takes it as it is, or refuses it. */
function validate(value: IpldValue | JsonValue, write: (value: unknown) => string | Uint8Array): void {
  const before = write(value)
  let taken = 0
  for (const [name, parse] of VALIDATORS) {
    const parsed = unlessRefused(() => [parse(value)], /^SCHEMA_INVALID$/)
    if (parsed === undefined) continue
    taken += 1
    must(parsed[0] === value, `${name} gives back what it was given`)
  }
  const after = write(value)
  must(Buffer.compare(Buffer.from(before), Buffer.from(after)) === 0, 'a validator changes nothing')
  must(taken < VALIDATORS.length, 'no value is of every type')
}

function schemaTargets(): readonly Target[] {
  return [
    {
      name: 'schema/cbor',
      refusals: /^(CBOR_INVALID|INPUT_TOO_(LARGE|DEEP))$/,
      form: 'cbor',
      seeds: [
        ...seedsOf('session/state.json', 'stateHex'),
        ...seedsOf('session/bundle.json', 'publishedHex'),
        ...seedsOf('session/handshake.json', 'prekeySecretsHex'),
        ...seedsOf('frames/app-frame.json', 'frameHex'),
        ...seedsOf('mcp/frame.json', 'frameHex'),
        ...payloadsOf(seedsOf('envelope/envelope.json', 'envelopeHex')),
        ...payloadsOf(seedsOf('capability/authorize.json', 'invocationHex', 'proofsHex')),
        ...payloadsOf(seedsOf('capability/receipt.json', 'receiptHex')),
        ...payloadsOf(seedsOf('capability/revocation.json', 'revocationHex')),
        ...payloadsOf(seedsOf('session/reset.json', 'resetHex')),
        ...payloadsOf(seedsOf('identity/log-key.json', 'envelopeHex')),
      ],
      run: (input) => validate(decodeCbor(input), (value) => encodeCbor(value as IpldValue)),
    },
    {
      name: 'schema/json',
      refusals: /^(JSON_INVALID|INPUT_TOO_(LARGE|DEEP))$/,
      form: 'json',
      seeds: [
        ...seedsOf('audit/entry.json', 'body'),
        ...seedsOf('identity/did-document.json', 'text'),
        ...seedsOf('identity/key-file.json', 'text'),
        ...seedsOf('proof/valid.json', 'bundle'),
        ...jsonSeedsOf('capability/policy.json', 'policy'),
        ...JSON_FRAMES.map((frame) => textSeed(JSON.stringify(frame))),
      ],
      run: (input) => validate(parseJson(input), (value) => encodeJcs(value as JsonValue)),
    },
  ]
}

const DID = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
const CID = 'bafyreif4zy4k6zpr5qddvvrlxzh7ybmwtvu2xf5hdwomoljbpj4kuvpxqe'
const CAUSE = { code: 'CAPABILITY_EXPIRED', message: 'm', remedy: 'r', path: 'proofs[0]', causes: [] }

/** Lines of the control socket, and a denial, for which there are no vectors. */
const JSON_FRAMES = [
  {
    method: 'grant',
    to: DID,
    server: 'git',
    tool: 'log',
    rules: [['known', '.path']],
    expiresInS: 60,
    depth: 1,
    label: '',
  },
  { method: 'revoke', cid: CID, reason: 'over' },
  { method: 'import', bytes: 'AAAA' },
  { method: 'exportProof', invocation: CID },
  { method: 'status' },
  { answer: 'granted', cid: CID, bytes: 'AAAA', delivered: true },
  { answer: 'proof', bundle: '{}' },
  { answer: 'status', did: DID, command: 'listen', processId: 1 },
  { answer: 'failed', code: 'SCHEMA_INVALID', details: { path: '$', count: 1, done: false } },
  { ...CAUSE, causes: [CAUSE, { ...CAUSE, causes: [CAUSE] }] },
]

/** The payloads of envelopes, where they can be read. */
function payloadsOf(envelopes: readonly Uint8Array[]): readonly Uint8Array[] {
  return envelopes.flatMap((bytes) => {
    const envelope = unlessRefused(() => decodeCbor(bytes))
    const signed = Array.isArray(envelope) ? envelope[1] : undefined
    if (typeof signed !== 'object' || signed === null) return []
    return Object.values(signed as Readonly<Record<string, IpldValue>>).map((part) => encodeCbor(part))
  })
}

export function contractTargets(): readonly Target[] {
  const layouts = readdirSync(SCHEMAS).filter((file) => file.endsWith('.layout.json'))
  return [...layouts.map(layoutTarget), ...schemaTargets()]
}
