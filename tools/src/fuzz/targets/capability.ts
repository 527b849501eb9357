/** Capabilities: tokens, chains, and the small languages in them (spec 07-delegation, 08-invocation, 09-receipt-revocation). */
import { Cid, decodeCbor, encodeCbor, equalBytes, type IpldValue, parseJson, utf8 } from '@talos/bytes'
import {
  argumentsFromJson,
  argumentsToJson,
  authorize,
  commandCovers,
  commandFromDisplay,
  describeDelegation,
  displayCommand,
  explainDenial,
  mcpToolCommand,
  mcpToolOf,
  modelMessage,
  NO_REVOCATIONS,
  openApproval,
  openDelegation,
  openInvocation,
  openReceipt,
  openRevocation,
  openRevocationHead,
  parseCommand,
  readCall,
} from '@talos/capability'
import { parseDid } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { isInNetwork, parseNetwork } from '../../../../packages/protocol/capability/src/conditions/address.ts'
import { Budget } from '../../../../packages/protocol/capability/src/conditions/budget.ts'
import {
  type Conditions,
  refusals,
  talosConditions,
  ucanConditions,
} from '../../../../packages/protocol/capability/src/conditions/conditions.ts'
import { compareDecimals, parseDecimal } from '../../../../packages/protocol/capability/src/conditions/decimal.ts'
import { compilePattern } from '../../../../packages/protocol/capability/src/conditions/regexp.ts'
import { parseSelector, select } from '../../../../packages/protocol/capability/src/conditions/selector.ts'
import { judgePath } from '../../../../packages/protocol/capability/src/conditions/subpath.ts'
import { judgeUrl } from '../../../../packages/protocol/capability/src/conditions/url-form.ts'
import type { FuzzRandom } from '../random.ts'
import { casesOf, fromHexSeed, jsonSeedsOf, seedsOf, signedIn, textOf } from '../seeds.ts'
import { must, NOTHING, type Target, unlessRefused } from '../target.ts'
import { kernel, trusting } from './kernels.ts'

export function capabilityTargets(): readonly Target[] {
  return [
    ...tokenTargets(),
    ...batchTargets(),
    ...callTargets(),
    ...chainTargets(),
    ...commandTargets(),
    ...conditionTargets(),
    ...valueTargets(),
    ...argumentTargets(),
  ]
}

function tokenTargets(): readonly Target[] {
  const delegations = seedsOf('capability/authorize.json', 'proofsHex')
  const invocations = seedsOf('capability/authorize.json', 'invocationHex')
  const receipts = seedsOf('capability/receipt.json', 'receiptHex')
  const revocations = seedsOf('capability/revocation.json', 'revocationHex')
  const heads = seedsOf('capability/revocation-head.json', 'headHex')
  const approvals = seedsOf('capability/approval.json', 'approvalHex')
  const tokens = [
    { name: 'delegation', seeds: delegations, open: openedDelegation },
    { name: 'invocation', seeds: invocations, open: openInvocation },
    { name: 'receipt', seeds: receipts, open: openReceipt },
    { name: 'revocation', seeds: revocations, open: openRevocation },
    { name: 'revocation-head', seeds: heads, open: openRevocationHead },
    { name: 'approval', seeds: approvals, open: openApproval },
  ]
  return tokens.flatMap(({ name, seeds, open }): readonly Target[] => {
    const wasSigned = signedIn(seeds)
    return [
      {
        name: `${name}/open`,
        refusals: /^(ENVELOPE_|SCHEMA_|CBOR_|INPUT_|CAPABILITY_|RECEIPT_|REVOCATION_|APPROVAL_)/,
        form: 'cbor',
        seeds,
        run(input) {
          open(input, { kernel })
          must(wasSigned(input), 'nothing opens but what was signed')
        },
      },
      {
        name: `${name}/behind-signature`,
        refusals: /^(ENVELOPE_|SCHEMA_|CBOR_|INPUT_|CAPABILITY_|RECEIPT_|REVOCATION_|APPROVAL_)/,
        form: 'cbor',
        seeds,
        run: (input) => must(equalBytes(open(input, { kernel: trusting }).bytes, input), 'it keeps the exact bytes'),
      },
    ]
  })
}

/** A receipt of a batch: what opens has a payload and a signed root that were made, if not for one seed. */
function batchTargets(): readonly Target[] {
  const seeds = seedsOf('capability/receipt-batch.json', 'receiptHex')
  const isInSeeds = (part: Uint8Array): boolean => seeds.some((seed) => Buffer.from(seed).includes(Buffer.from(part)))
  const refusals = /^(ENVELOPE_|SCHEMA_|CBOR_|INPUT_|RECEIPT_)/
  return [
    {
      name: 'receipt-batch/open',
      refusals,
      form: 'cbor',
      seeds,
      run(input) {
        openReceipt(input, { kernel })
        const [content, , , head] = decodeCbor(input) as readonly Uint8Array[]
        for (const part of [content, head])
          must(part !== undefined && isInSeeds(part), 'nothing opens but what was made')
      },
    },
    {
      name: 'receipt-batch/behind-signature',
      refusals,
      form: 'cbor',
      seeds,
      run: (input) =>
        must(equalBytes(openReceipt(input, { kernel: trusting }).bytes, input), 'it keeps the exact bytes'),
    },
  ]
}

/** A bare call: what is read has one form, the same members again and again, and names itself. */
function callTargets(): readonly Target[] {
  return [
    {
      name: 'call/read',
      refusals: /^(SCHEMA_|CBOR_|INPUT_|CAPABILITY_COMMAND_INVALID)/,
      form: 'cbor',
      seeds: seedsOf('capability/call.json', 'callHex'),
      run(input) {
        const { bytes, cid } = readCall(input, { kernel })
        must(equalBytes(bytes, input), 'it keeps the exact bytes')
        must(equalBytes(encodeCbor(decodeCbor(input, { maxBytes: 1_048_576 })), input), 'it has one form')
        must(equalBytes(cid.digest, kernel.sha256(input)), 'it is named by its bytes')
      },
    },
  ]
}

function openedDelegation(bytes: Uint8Array, options: { readonly kernel: Kernel }) {
  const link = openDelegation(bytes, options)
  JSON.stringify(describeDelegation(link))
  return link
}

/** An invocation and its proofs in one list, each of which may be edited. */
function chainTargets(): readonly Target[] {
  const cases = casesOf('capability/authorize.json').map(({ input }) => ({
    executor: parseDid(input['executor']),
    nowS: Number(input['nowS']),
    tokens: [input['invocationHex'], input['proofsHex']].flat().map(fromHexSeed),
  }))
  const decide = (used: Kernel) => (input: Uint8Array, random: FuzzRandom) => {
    const tokens = decodeCbor(input, { maxBytes: 1_048_576 })
    if (!Array.isArray(tokens) || !tokens.every((token) => token instanceof Uint8Array)) return
    const [invocation = new Uint8Array(), ...proofs] = tokens
    const { executor, nowS } = random.pick(cases)
    const replay = { remember: () => 'new' as const }
    const verdict = authorize({ invocation, proofs, executor, nowS, kernel: used, revocations: NO_REVOCATIONS, replay })
    if (verdict.outcome === 'allow') {
      must(equalBytes(verdict.invocation.bytes, invocation), 'it allows the invocation that it was given')
      must(verdict.chain.length === verdict.invocation.proofs.length, 'its chain is what the invocation names')
      return
    }
    must(explainDenial(verdict.cause).length > 0, 'a denial explains itself')
    must(modelMessage(verdict.cause).length > 0, 'a denial has words for the model')
  }
  const seeds = cases.map(({ tokens }) => encodeCbor(tokens))
  return [
    { name: 'authorize/chain', refusals: /^(CBOR_|INPUT_)/, form: 'cbor', seeds, run: decide(kernel) },
    { name: 'authorize/behind-signature', refusals: /^(CBOR_|INPUT_)/, form: 'cbor', seeds, run: decide(trusting) },
  ]
}

function commandTargets(): readonly Target[] {
  return [
    {
      name: 'command',
      refusals: NOTHING,
      form: 'text',
      seeds: seedsOf('capability/command.json', 'command', 'granted', 'asked', 'display'),
      run(input, random) {
        const text = textOf(input)
        const segments = unlessRefused(() => parseCommand(text))
        if (segments !== undefined) {
          must(text === `/${segments.join('/')}`, 'a command is its segments')
          must(
            commandCovers(text, text) && commandCovers('/', text),
            'a command covers itself, and the root covers all',
          )
          const tool = mcpToolOf(text)
          must(tool === undefined || mcpToolCommand(tool) === text, 'a tool has one command')
          must(commandFromDisplay(displayCommand(text)) === text, 'what is displayed leads back')
        }
        const named = { server: text.slice(0, 40), tool: text.slice(random.below(text.length + 1)) }
        const written = unlessRefused(() => mcpToolCommand(named))
        if (written === undefined) return
        const back = mcpToolOf(written)
        must(back?.server === named.server && back.tool === named.tool, 'the command leads back to the tool')
      },
    },
    {
      name: 'path',
      refusals: NOTHING,
      form: 'text',
      seeds: seedsOf('capability/path.json', 'path', 'roots'),
      run(input) {
        const segments = judgePath(textOf(input))
        must(segments?.includes('..') !== true && segments?.includes('') !== true, 'a judged path goes nowhere else')
      },
    },
  ]
}

function conditionTargets(): readonly Target[] {
  const args = casesOf('capability/policy.json').map(({ input }) => argumentsFromJson(String(input['argumentsJson'])))
  const judge = (conditions: Conditions, random: FuzzRandom) =>
    refusals(conditions, random.pick(args), { budget: new Budget(), resolvePath: undefined })
  return [
    {
      name: 'selector',
      refusals: /^CAPABILITY_POLICY_INVALID$/,
      form: 'text',
      seeds: seedsOf('capability/selector.json', 'selector'),
      run: (input, random) =>
        void select(parseSelector(textOf(input), 'pol[0]'), random.pick(args), new Budget().spend),
    },
    {
      name: 'policy',
      refusals: /^(CAPABILITY_POLICY_INVALID|JSON_|INPUT_)/,
      form: 'json',
      seeds: jsonSeedsOf('capability/policy.json', 'policy'),
      run(input, random) {
        const policy = parseJson(input) as IpldValue
        const loose = unlessRefused(() => ucanConditions(policy))
        if (loose !== undefined) judge(loose, random)
        judge(talosConditions(policy, []), random)
      },
    },
    {
      name: 'rules',
      refusals: /^(CAPABILITY_POLICY_INVALID|JSON_|INPUT_)/,
      form: 'json',
      seeds: RULE_FILES.flatMap((file) => jsonSeedsOf(file, 'rules')),
      run: (input, random) => void judge(talosConditions([], parseJson(input) as IpldValue), random),
    },
  ]
}

const RULE_FILES = ['rules', 'rules-range', 'rules-cidr', 'rules-url', 'rules-argv', 'rules-regex'].map(
  (name) => `capability/${name}.json`,
)

/** The texts that rules judge, taken out of the arguments of their vectors. */
function valuesIn(file: string): readonly Uint8Array[] {
  return casesOf(file)
    .flatMap(({ input }) => Object.values(argumentsFromJson(String(input['argumentsJson']))))
    .filter((value) => typeof value === 'string')
    .map(utf8)
}

function valueTargets(): readonly Target[] {
  const quota = () => ({ path: 'rules[0]', quota: { rules: 0, patternSize: 0 } })
  return [
    {
      name: 'rule/url',
      refusals: NOTHING,
      form: 'text',
      seeds: valuesIn('capability/rules-url.json'),
      run(input) {
        const text = textOf(input)
        const url = judgeUrl(text)
        if (url === undefined) return
        const read = new URL(text)
        must(read.protocol === `${url.scheme}:` && read.username === '' && read.hash === '', 'others read the same URL')
        must(url.host.kind === 'address' || read.hostname === url.host.name, 'others read the same host')
        must(read.pathname.replace(/\/$/, '') === url.path, 'others read the same path')
      },
    },
    {
      name: 'rule/network',
      refusals: NOTHING,
      form: 'text',
      seeds: valuesIn('capability/rules-cidr.json'),
      run(input) {
        const network = parseNetwork(textOf(input))
        must(network === undefined || isInNetwork(network, network), 'a network is within itself')
      },
    },
    {
      name: 'rule/decimal',
      refusals: NOTHING,
      form: 'text',
      seeds: valuesIn('capability/rules-range.json'),
      run(input) {
        const decimal = parseDecimal(textOf(input))
        must(decimal === undefined || compareDecimals(decimal, decimal) === 0, 'a decimal equals itself')
      },
    },
    {
      name: 'rule/pattern',
      refusals: /^CAPABILITY_POLICY_INVALID$/,
      form: 'text',
      seeds: casesOf('capability/rules-regex.json').map(({ input }) => utf8(String([input['rules']].flat(2)[2]))),
      run(input, random) {
        const text = textOf(input)
        const { size, run } = compilePattern(text, quota())
        const subject = text.slice(random.below(text.length + 1)).slice(0, 200)
        must(run(subject).visits <= (size + 1) * (subject.length + 1), 'the work is bounded by size and length')
      },
    },
  ]
}

function argumentTargets(): readonly Target[] {
  return [
    {
      name: 'arguments',
      refusals: /^(CAPABILITY_ARGUMENTS_INVALID|ENCODING_INVALID|INPUT_TOO_(LARGE|DEEP))$/,
      form: 'json',
      seeds: [
        ...seedsOf('capability/arguments.json', 'json'),
        ...seedsOf('capability/policy.json', 'argumentsJson').slice(0, 40),
      ],
      run(input) {
        const args = argumentsFromJson(input)
        const encoded = encodeCbor(args)
        must(equalBytes(encodeCbor(argumentsFromJson(argumentsToJson(args))), encoded), 'the JSON leads back')
        const read = decodeCbor(encoded, { maxDepth: 64 })
        must(equalBytes(encodeCbor(read), encoded), 'the bytes are canonical')
        must(Cid.fromSha256(kernel.sha256(encoded)).toString().length > 0, 'arguments have a hash')
      },
    },
  ]
}
