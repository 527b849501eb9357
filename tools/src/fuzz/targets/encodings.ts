/** The canonical encodings (spec 02-canonical): whatever is taken is written again as it came. */
import {
  Cid,
  decodeCbor,
  decodeJcs,
  encodeCbor,
  encodeJcs,
  equalBytes,
  fromBase32,
  fromBase58btc,
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  parseJson,
  toBase32,
  toBase58btc,
  toBase64,
  toBase64url,
  toHex,
  utf8,
} from '@talos/bytes'
import { seedsOf, textOf, textSeed } from '../seeds.ts'
import { must, NOTHING, type Target, unlessRefused } from '../target.ts'

const CODINGS = {
  hex: { read: fromHex, write: toHex },
  base32: { read: fromBase32, write: toBase32 },
  base58btc: { read: fromBase58btc, write: toBase58btc },
  base64: { read: fromBase64, write: toBase64 },
  base64url: { read: fromBase64url, write: toBase64url },
} as const

export function encodingTargets(): readonly Target[] {
  const jsonSeeds = [
    ...seedsOf('canonical/jcs.json', 'text', 'json', 'textHex'),
    ...seedsOf('audit/entry.json', 'body'),
  ]
  return [
    {
      name: 'cbor',
      refusals: /^(CBOR_INVALID|INPUT_TOO_(LARGE|DEEP))$/,
      form: 'cbor',
      seeds: seedsOf('canonical/cbor.json', 'cborHex'),
      run: (input) => must(equalBytes(encodeCbor(decodeCbor(input)), input), 'taken bytes are canonical'),
    },
    {
      name: 'jcs',
      refusals: NOTHING,
      form: 'json',
      seeds: jsonSeeds,
      run(input) {
        const ofBytes = unlessRefused(() => encodeJcs(decodeJcs(input)))
        if (ofBytes !== undefined) must(equalBytes(utf8(ofBytes), input), 'taken bytes are canonical')
        const text = textOf(input)
        const ofText = unlessRefused(() => encodeJcs(decodeJcs(text)))
        must(ofText === undefined || ofText === text, 'a taken text is canonical')
        must(ofBytes === undefined || ofText === ofBytes, 'a text is taken as its bytes are')
      },
    },
    {
      name: 'json',
      refusals: /^(JSON_INVALID|INPUT_TOO_(LARGE|DEEP))$/,
      form: 'json',
      seeds: [...jsonSeeds, ...seedsOf('mcp/config.json', 'text'), ...seedsOf('capability/arguments.json', 'json')],
      run(input) {
        const value = parseJson(input)
        must(JSON.stringify(value) === JSON.stringify(JSON.parse(fromUtf8(input))), 'it reads what every reader reads')
      },
    },
    {
      name: 'encodings',
      refusals: NOTHING,
      form: 'text',
      seeds: seedsOf('canonical/encodings.json', 'text', 'bytesHex'),
      run(input) {
        const text = textOf(input)
        for (const [name, { read, write }] of Object.entries(CODINGS)) {
          const bytes = unlessRefused(() => read(text), /^(ENCODING_INVALID|INPUT_TOO_LARGE)$/)
          if (bytes !== undefined) must(write(bytes) === text, `a taken text of ${name} is canonical`)
        }
        const decoded = unlessRefused(() => fromUtf8(input), /^ENCODING_INVALID$/)
        if (decoded !== undefined) must(equalBytes(utf8(decoded), input), 'a taken text of UTF-8 is canonical')
      },
    },
    {
      name: 'cid',
      refusals: NOTHING,
      form: 'text',
      seeds: [
        ...seedsOf('audit/entry.json', 'body'),
        ...seedsOf('capability/receipt.json', 'invocation'),
        textSeed('bafyreif4zy4k6zpr5qddvvrlxzh7ybmwtvu2xf5hdwomoljbpj4kuvpxqe'),
      ],
      run(input) {
        const text = textOf(input)
        const ofText = unlessRefused(() => Cid.parse(text), /^CID_INVALID$/)
        if (ofText !== undefined) must(ofText.toString() === text, 'a taken text is canonical')
        const ofBytes = unlessRefused(() => Cid.fromBytes(input), /^CID_INVALID$/)
        if (ofBytes !== undefined) must(equalBytes(ofBytes.bytes, input), 'taken bytes are canonical')
      },
    },
  ]
}
