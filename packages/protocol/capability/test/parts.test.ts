/** The parts on their own: revocations, descriptions, names, limits. */
import { Cid } from '@talos/bytes'
import {
  argumentsFromJson,
  argumentsToJson,
  commandFromDisplay,
  describeDelegation,
  displayCommand,
  mcpServerCommand,
  mcpToolCommand,
  mcpToolOf,
  openDelegation,
  openRevocation,
  revoke,
} from '@talos/capability'
import { isTalosError } from '@talos/errors'
import { describe, expect, test, vi } from 'vitest'
import { Budget } from '../src/conditions/budget.ts'
import { refusals, talosConditions, ucanConditions } from '../src/conditions/conditions.ts'
import { compileGlob } from '../src/conditions/glob.ts'
import { equalIpld, ipldToDisplayJson } from '../src/conditions/ipld.ts'
import { finder, parseSelector, select } from '../src/conditions/selector.ts'
import { alice, grant, hex, kernel, NOW_S, owner } from './actors.ts'

const SOME = Cid.fromSha256(new Uint8Array(32).fill(5))
const COMMITMENT = new Uint8Array(32).fill(7)

function codeOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return isTalosError(error) ? error.code : error
  }
  return 'nothing was thrown'
}

describe('revocations', () => {
  test('open to what was signed', async () => {
    const made = await revoke({ signer: owner, revokes: SOME, reason: 'no longer needed', atS: NOW_S })
    expect(openRevocation(made.bytes, { kernel, chainIssuers: [owner.did] })).toEqual({
      cid: made.cid,
      bytes: made.bytes,
      issuer: owner.did,
      revokes: SOME,
      reason: 'no longer needed',
      evidence: undefined,
      atS: NOW_S,
    })
    const short = await revoke({ signer: owner, revokes: SOME, atS: NOW_S })
    expect(openRevocation(short.bytes, { kernel }).reason).toBeUndefined()
    expect(codeOf(() => openRevocation(short.bytes, { kernel, chainIssuers: [alice.did] }))).toBe('REVOCATION_INVALID')
  })
})

describe('descriptions', () => {
  test('say who, to whom, what, until when and under which rules', async () => {
    const made = await grant({
      depth: 2,
      expiresS: null,
      policy: [['==', '.b?', COMMITMENT]],
      rules: [['range', '.a', 1, 5]],
    })
    expect(describeDelegation(openDelegation(made.bytes, { kernel }))).toEqual({
      cid: made.cid.toString(),
      type: 'talos/cap@1',
      issuer: owner.did,
      audience: alice.did,
      subject: owner.did,
      command: '/mcp/git/tool/git_log',
      display: 'mcp:git/tool/git_log',
      notBeforeS: 0,
      expiresS: null,
      depth: 2,
      need: 'signature',
      policy: [['==', '.b?', { '/': { bytes: 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=' } }]],
      rules: [['range', '.a', 1, 5]],
      terms: {},
      summary: ['a must be an integer from 1 to 5', 'no arguments but b (may be absent), a'],
    })
  })

  test('of UCAN’s own payload have no depth and no rules', async () => {
    const described = describeDelegation(openDelegation((await grant()).bytes, { kernel }))
    expect(described).toMatchObject({ type: 'ucan/dlg@1.0.0', depth: null, rules: [], summary: [] })
  })

  test('show links and nested values in DAG-JSON’s forms', () => {
    expect(JSON.stringify(ipldToDisplayJson({ b: [SOME, null, true], a: { c: 1 } }))).toBe(
      `{"a":{"c":1},"b":[{"/":"${SOME.toString()}"},null,true]}`,
    )
  })
})

describe('names of MCP tools', () => {
  test('go to commands and back', () => {
    for (const name of ['git', 'ÄÖ 2', '~', '/', '.', '..', '\u0000', '😀', 'A-Z_0']) {
      const command = mcpToolCommand({ server: name, tool: name })
      expect(mcpToolOf(command)).toEqual({ server: name, tool: name })
      expect(commandFromDisplay(displayCommand(command))).toBe(command)
    }
  })

  test('have one form each: anything else is no tool', () => {
    for (const command of [
      '/mcp/git',
      '/mcp/git/tool',
      '/mcp/git/tool/a/b',
      '/mcp/git/prompt/a',
      '/msg/git/tool/a',
      '/mcp/git/tool/~61',
      '/mcp/git/tool/~ff',
      '/mcp/git/tool/é',
      '/mcp/~/tool/a',
    ]) {
      expect(mcpToolOf(command)).toBeUndefined()
    }
  })

  test('are not empty', () => {
    expect(codeOf(() => mcpToolCommand({ server: '', tool: 'a' }))).toBe('CAPABILITY_COMMAND_INVALID')
    expect(codeOf(() => mcpServerCommand(''))).toBe('CAPABILITY_COMMAND_INVALID')
    expect(codeOf(() => mcpServerCommand('😀'.repeat(100)))).toBe('CAPABILITY_COMMAND_INVALID')
    expect(mcpServerCommand('git')).toBe('/mcp/git')
  })

  test('a command outside MCP is shown as it is', () => {
    expect(displayCommand('/crypto/sign')).toBe('/crypto/sign')
    expect(commandFromDisplay('/crypto/sign')).toBe('/crypto/sign')
    expect(codeOf(() => commandFromDisplay('mcp:'))).toBe('CAPABILITY_COMMAND_INVALID')
  })
})

describe('arguments', () => {
  test('are taken from bytes as well, and only from UTF-8', () => {
    expect(argumentsFromJson(new TextEncoder().encode('{"a":1}'))).toEqual(Object.assign(Object.create(null), { a: 1 }))
    expect(codeOf(() => argumentsFromJson(Uint8Array.of(0xff)))).toBe('ENCODING_INVALID')
    expect(codeOf(() => argumentsFromJson(`{"a":"${'x'.repeat(1_048_576)}"}`))).toBe('INPUT_TOO_LARGE')
  })

  test('go back to JSON as they were written', () => {
    const json = '{"a":[1,-0,1.50,1E5,9007199254740993],"b":{"c":null,"d":"\\u2028x"}}'
    expect(argumentsToJson(argumentsFromJson(json))).toBe(json.replace('\\u2028', '\u2028'))
  })

  test('that no JSON maps to have no JSON', () => {
    const encoder = new TextEncoder()
    for (const bytes of [new Uint8Array(), encoder.encode('5'), encoder.encode('1.'), Uint8Array.of(0x31, 0xff)]) {
      expect(codeOf(() => argumentsToJson({ a: bytes }))).toBe('CAPABILITY_ARGUMENTS_INVALID')
    }
    expect(codeOf(() => argumentsToJson({ a: encoder.encode(`1.${'0'.repeat(1024)}`) }))).toBe(
      'CAPABILITY_ARGUMENTS_INVALID',
    )
    expect(codeOf(() => argumentsToJson({ a: SOME }))).toBe('CAPABILITY_ARGUMENTS_INVALID')
  })
})

describe('comparison', () => {
  const equal = (left: Parameters<typeof equalIpld>[0], right: Parameters<typeof equalIpld>[0]): unknown =>
    equalIpld(left, right, new Budget().spend)
  const text = (number: string): Uint8Array => new TextEncoder().encode(number)

  test('of links, bytes and mixed kinds', () => {
    expect(equal(SOME, Cid.fromSha256(new Uint8Array(32).fill(5)))).toBe(true)
    expect(equal(SOME, Cid.fromSha256(new Uint8Array(32)))).toBe(false)
    expect(equal(SOME, 'x')).toBe(false)
    expect(equal('x', SOME)).toBe(false)
    expect(equal(Uint8Array.of(1), Uint8Array.of(1))).toBe(true)
    expect(equal(Uint8Array.of(1), Uint8Array.of(2))).toBe(false)
    expect(equal(Uint8Array.of(1), 1)).toBe(false)
    expect(equal([], {})).toBe(false)
    expect(equal({}, [])).toBe(false)
  })

  test('of numbers of which one is a text is undecided, unless something else differs', () => {
    expect(equal(text('1.5'), text('1.5'))).toBe(true)
    expect(equal(text('1.5'), text('1.50'))).toBeUndefined()
    expect(equal(text('1.5'), Uint8Array.of(1))).toBe(false)
    expect(equal(text('1.5'), 'x')).toBe(false)
    expect(equal(1, text('1.0'))).toBeUndefined()
    expect(equal([1, 2], [text('1.0'), 3])).toBe(false)
    expect(equal({ a: 1 }, { a: text('1.0') })).toBeUndefined()
  })

  test('find one argument as the walk does, also where there is none to find or no step left', () => {
    for (const selector of ['.a', '.["a"]?', '.a.b', '.a[]', '.']) {
      const parsed = parseSelector(selector, '')
      for (const value of [{ a: 1 }, { a: { b: 2 } }, { a: [3] }, {}, 5, 'text', null, [1]]) {
        const [walked, found] = [new Budget(9), new Budget(9)]
        expect(finder(parsed)(value, found.spend)).toEqual(select(parsed, value, walked.spend))
        expect(found.spend(8)).toBe(walked.spend(8))
      }
      expect(finder(parsed)({ a: 1 }, new Budget(0).spend)).toEqual(select(parsed, { a: 1 }, new Budget(0).spend))
    }
  })

  test('of bytes: a byte selects as an integer, a slice as bytes', () => {
    const at = (selector: string): unknown =>
      select(parseSelector(selector, ''), { b: Uint8Array.of(7, 8, 9) }, new Budget().spend)
    expect(at('.b[1]')).toBe(8)
    expect(at('.b[1:]')).toEqual(Uint8Array.of(8, 9))
    expect(at('.b[]')).toBeUndefined()
  })
})

describe('work', () => {
  test('a catastrophic pattern of 10,000 characters costs no more than its length', () => {
    const pattern = '*a'.repeat(5_000)
    const started = performance.now()
    const matches = compileGlob(`${pattern}b`)
    for (let round = 0; round < 20; round += 1) expect(matches('a'.repeat(100_000))).toBe(false)
    expect(compileGlob(`*${'a'.repeat(5_000)}b*${'a'.repeat(5_000)}c`)(`${'a'.repeat(200_000)}c`)).toBe(false)
    // Exponential or quadratic matching would take minutes; the bound leaves a slow machine a hundred times.
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('an evaluation that runs out of steps is refused, whatever it found', () => {
    const conditions = talosConditions(
      [['any', '.a', ['==', '.', 1]]],
      [
        ['known', '.a[]'],
        ['known', '.a'],
      ],
    )
    const args = { a: Array(1000).fill(1) }
    const causes = (steps: number): readonly string[] =>
      refusals(conditions, args, { budget: new Budget(steps), resolvePath: undefined }).map(({ code }) => code)
    expect(causes(1_000_000)).toEqual([])
    for (const steps of [0, 100, 2_500, 3_005]) expect(causes(steps)).toEqual(['CAPABILITY_LIMIT'])
  })

  test('255 statements over a large argument end within the limit', () => {
    const policy = Array(85).fill(['all', '.a', ['all', '.', ['!=', '.', 5]]])
    const args = { a: Array(200).fill(Array(200).fill(1)) }
    const causes = refusals(ucanConditions(policy), args, { budget: new Budget(), resolvePath: undefined })
    expect(causes.map(({ code }) => code)).toEqual(['CAPABILITY_LIMIT'])
  })

  const copies = `.a${'[0:]'.repeat(31)}`
  const list = { a: Array(100_000).fill(0) }
  const map = { a: Object.fromEntries(list.a.map((zero, index) => [`k${index}`, zero])) }
  const text = `/${'x'.repeat(4_095)}`

  test.each([
    ['slices of a list', ucanConditions([['and', Array(255).fill(['==', copies, 1])]]), list],
    ['slices of a byte string', ucanConditions(Array(2).fill(['!=', copies, 1])), { a: new Uint8Array(100_000) }],
    ['values of a map', ucanConditions(Array(11).fill(['!=', '.a[]', 1])), map],
    ['comparisons with a map', ucanConditions(Array(11).fill(['!=', '.a', { x: 1 }])), map],
    ['lengths of a map', talosConditions([], Array(11).fill(['len', '.a', 0, null])), map],
    ['patterns', ucanConditions([['any', '.a', ['like', '.', '*y*']]]), { a: Array(5_000).fill(text) }],
    ['paths', talosConditions([], [['subpath', '.a[]', ['/']]]), { a: Array(5_000).fill(text) }],
  ])('%s are paid for before they are made, and not made once the steps are gone', (_, conditions, args) => {
    let copied = 0
    const slice = Array.prototype.slice
    const counted = vi.spyOn(Array.prototype, 'slice').mockImplementation(function (this: unknown[], ...range) {
      copied += this.length
      return slice.apply(this, range)
    })
    const causes = refusals(conditions, args, { budget: new Budget(), resolvePath: undefined })
    counted.mockRestore()
    expect(causes.map(({ code }) => code)).toEqual(['CAPABILITY_LIMIT'])
    expect(copied).toBeLessThanOrEqual(1_000_000)
  })

  test('a comparison stops where its steps end', () => {
    const budget = new Budget(2)
    expect(equalIpld([1, 1, 1], [1, 1, 1], budget.spend)).toBe(undefined)
    expect(equalIpld(1, 2, budget.spend)).toBe(undefined)
    const conditions = ucanConditions([['or', [['==', '.', 1]]]])
    expect(conditions.statements.map(({ evaluate }) => evaluate({}, budget))).toEqual([undefined])
  })

  test('arguments that a closed world does not know are reported 16 at a time', () => {
    const args = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x${index}`, 0]))
    const context = { budget: new Budget(), resolvePath: undefined }
    const codes = refusals(talosConditions([], [['known', '.a']]), args, context).map(({ code }) => code)
    expect(codes).toEqual(Array(16).fill('CAPABILITY_ARGUMENT_UNKNOWN'))
  })
})

test('the hexadecimal of a delegation is the same for the same input', async () => {
  const fixed = { nonce: new Uint8Array(12) }
  expect(hex((await grant(fixed)).bytes)).toBe(hex((await grant(fixed)).bytes))
})
