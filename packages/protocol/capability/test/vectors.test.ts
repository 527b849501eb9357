/** Every case of contracts/vectors/capability, valid and invalid. */
import { Cid, encodeCbor, equalBytes, fromHex, type IpldValue, toHex } from '@talos/bytes'
import {
  argumentsFromJson,
  argumentsToJson,
  authorize,
  commandCovers,
  displayCommand,
  mcpToolCommand,
  mcpToolOf,
  parseCommand,
} from '@talos/capability'
import { type Did, parseDid } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, test } from 'vitest'
import { Budget } from '../src/conditions/budget.ts'
import { type Conditions, refusals, talosConditions, ucanConditions } from '../src/conditions/conditions.ts'
import { ipldToDisplayJson } from '../src/conditions/ipld.ts'
import { parseSelector, select } from '../src/conditions/selector.ts'
import { isWithin, type Root, rootOf } from '../src/conditions/subpath.ts'
import { codesOf, kernel, memoryReplay, memoryRevocations } from './actors.ts'

/** The members that the cases of all files have between them; each file has its own. */
interface Input {
  readonly granted?: string
  readonly asked: string
  readonly server?: string
  readonly tool: string
  readonly command: string
  readonly selector: string
  readonly argumentsJson: string
  readonly payload: string
  readonly policy: IpldValue
  readonly rules?: IpldValue
  readonly path: string
  readonly roots: readonly string[]
  readonly json: string
}

/** Runs each case of a file: what `run` returns must equal `expected`, what it throws must have the code of `error`. */
function runAll(name: string, run: (input: Input) => object): void {
  describe(`${name}.json`, () => {
    for (const vector of repoVectors(`capability/${name}.json`).cases) {
      test(`${vector.id}: ${vector.description}`, () => runOne(vector, run))
    }
  })
}

function runOne(vector: VectorCase, run: (input: Input) => object): void {
  let result: object
  try {
    result = run(vector.input as unknown as Input)
  } catch (error) {
    if (!isTalosError(error)) throw error
    result = { error: error.code }
  }
  expect(result).toEqual(vector.valid ? vector.expected : { error: vector.error })
}

function conditionsOf({ payload, policy, rules }: Input): Conditions {
  return payload === 'ucan/dlg@1.0.0' ? ucanConditions(policy) : talosConditions(policy, rules ?? [])
}

function allowed(input: Input): { readonly allowed: boolean } {
  const args = argumentsFromJson(input.argumentsJson)
  const causes = refusals(conditionsOf(input), args, { budget: new Budget(), resolvePath: undefined })
  return { allowed: causes.length === 0 }
}

runAll('command', ({ granted, asked, server, tool, command }) => {
  if (server !== undefined) {
    const written = mcpToolCommand({ server, tool })
    const back = mcpToolOf(written)
    if (back?.server !== server || back.tool !== tool) return { error: 'the command does not lead back to the tool' }
    return { command: written, display: displayCommand(written) }
  }
  if (granted !== undefined) return { covered: commandCovers(granted, asked) }
  return { segments: parseCommand(command) }
})

runAll('selector', ({ selector, argumentsJson }) => {
  const found = select(parseSelector(selector, 'pol[0]'), argumentsFromJson(argumentsJson), new Budget().spend)
  return found === undefined ? {} : { value: JSON.parse(JSON.stringify(ipldToDisplayJson(found))) }
})

runAll('policy', allowed)
runAll('rules', allowed)
for (const kind of ['range', 'cidr', 'url', 'argv', 'regex']) runAll(`rules-${kind}`, allowed)

runAll('path', ({ path, roots }) => {
  const judged = roots.map((root) => rootOf(root) as Root)
  return { allowed: isWithin(path, judged, undefined) }
})

runAll('arguments', ({ json }) => {
  const args = argumentsFromJson(json)
  const encoded = encodeCbor(args)
  // Back and forth: the JSON that the tool would receive maps to the same bytes.
  const again = encodeCbor(argumentsFromJson(argumentsToJson(args)))
  return equalBytes(again, encoded) ? { cborHex: toHex(encoded) } : { error: 'the JSON does not lead back' }
})

describe('authorize.json', () => {
  interface AuthorizeInput {
    readonly invocationHex: string
    readonly proofsHex: readonly string[]
    readonly executor: string
    readonly nowS: number
    readonly leewayS?: number
    readonly revoked?: readonly { readonly cid: string; readonly by: Did }[]
    readonly used?: readonly string[]
    readonly replayFull?: boolean
    readonly call?: { readonly command: string; readonly argumentsJson: string }
    readonly commands?: readonly string[]
  }

  function decideVector(input: AuthorizeInput): ReturnType<typeof authorize> {
    const { invocationHex, proofsHex, executor, nowS, leewayS = 0, revoked = [], used = [], call, commands } = input
    const replay = memoryReplay(input.replayFull === true ? 0 : 100)
    for (const cid of used) replay.remember(Cid.parse(cid), parseDid(executor), nowS)
    return authorize({
      invocation: fromHex(invocationHex),
      proofs: proofsHex.map(fromHex),
      executor: parseDid(executor),
      nowS,
      leewayS,
      kernel,
      revocations: memoryRevocations(...revoked.map(({ cid, by }) => ({ cid: Cid.parse(cid), by }))),
      replay,
      ...(call === undefined ? {} : { call: { command: call.command, args: argumentsFromJson(call.argumentsJson) } }),
      ...(commands === undefined ? {} : { hasCommand: (command: string) => commands.includes(command) }),
    })
  }

  const { cases } = repoVectors('capability/authorize.json')
  for (const vector of cases) {
    test(`${vector.id}: ${vector.description}`, () => {
      const verdict = decideVector(vector.input as unknown as AuthorizeInput)
      const actual =
        verdict.outcome === 'allow'
          ? { invocation: verdict.invocation.cid.toString(), links: verdict.chain.length }
          : codesOf(verdict).slice(1)
      expect(actual).toEqual(vector.valid ? vector.expected : (vector as unknown as { codes: readonly string[] }).codes)
    })
  }

  test('each reason for a denial has a case', () => {
    const reasons = new Set(
      cases.flatMap((vector) => (vector as unknown as { readonly codes?: readonly string[] }).codes ?? []),
    )
    expect([...reasons].filter((code) => code.startsWith('CAPABILITY_')).sort()).toEqual([
      'CAPABILITY_ARGUMENT',
      'CAPABILITY_ARGUMENTS',
      'CAPABILITY_ARGUMENT_ABSENT',
      'CAPABILITY_ARGUMENT_UNKNOWN',
      'CAPABILITY_AUDIENCE',
      'CAPABILITY_CALL_MISMATCH',
      'CAPABILITY_COMMAND_INVALID',
      'CAPABILITY_DELEGATION',
      'CAPABILITY_DELEGATION_INVALID',
      'CAPABILITY_DEPTH',
      'CAPABILITY_EXPIRED',
      'CAPABILITY_INVOCATION_INVALID',
      'CAPABILITY_LIFETIME',
      'CAPABILITY_LIMIT',
      'CAPABILITY_MISSING',
      'CAPABILITY_NOT_YET_VALID',
      'CAPABILITY_POLICY_INVALID',
      'CAPABILITY_PROOF_DUPLICATE',
      'CAPABILITY_PROOF_MISSING',
      'CAPABILITY_REPLAY',
      'CAPABILITY_REPLAY_FULL',
      'CAPABILITY_REVOKED',
      'CAPABILITY_SCOPE',
      'CAPABILITY_SIGNATURE',
      'CAPABILITY_SUBJECT',
      'CAPABILITY_UNKNOWN_TOOL',
    ])
  })
})
