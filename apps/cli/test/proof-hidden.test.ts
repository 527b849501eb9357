/** `talos proof export --hide-contents` between real agents: nothing of the call is in file or page but what is disclosed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { tracesOf } from '@talos/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTENT, ProofWorld } from './proof-world.ts'
import type { RunOptions } from './talos.ts'

interface Shown {
  readonly verdict: string
  readonly proves: string
  readonly code: string | null
  readonly facts: { readonly invocation: string; readonly contents?: string }
  readonly arguments?: string
  readonly shown: readonly { readonly part: string; readonly text: string }[]
  readonly completeness: {
    readonly missing: readonly string[]
    readonly unjudged: readonly {
      readonly link: number
      readonly path: string
      readonly selectors: readonly string[]
    }[]
  }
}

const NO_AGENT: RunOptions = { passphrase: null, environment: { TALOS_HOME: '/nonexistent' } }
const WORDS = CONTENT.trim()

let world: ProofWorld
let count = 0

beforeAll(async () => {
  world = await ProofWorld.begin()
}, 60_000)

afterAll(async () => await world[Symbol.asyncDispose]())

async function exported(call: string, ...words: readonly string[]): Promise<string> {
  const file = join(world.agent.path, `hidden-${++count}`)
  await world.agent.json(['proof', 'export', call, ...words, '--out', file])
  return readFileSync(file, 'utf8')
}

function fileOf(bundle: string): string {
  const file = join(world.agent.path, `hidden-${++count}.talosproof`)
  writeFileSync(file, bundle)
  return file
}

async function show(bundle: string): Promise<{ readonly code: number | null; readonly said: Shown }> {
  const ran = await world.agent.run(['proof', 'show', fileOf(bundle), '--json'], NO_AGENT)
  return { code: ran.code, said: JSON.parse(ran.stdout) as Shown }
}

/** The call's argument and its result, in whatever form they may stand. */
const tracesIn = (text: string) => ({
  path: tracesOf(world.notePath, text),
  folder: tracesOf(basename(join(world.notePath, '..')), text),
  words: tracesOf(WORDS, text),
})

/** The delegation names the folder, as its issuer gave it. */
function withoutDelegations(bundle: string): string {
  const { authority: _authority, ...rest } = JSON.parse(bundle)
  return JSON.stringify(rest)
}

describe('proof export --hide-contents', () => {
  it('holds neither the argument nor the result, and says which conditions that leaves open', async () => {
    const bundle = await exported(world.allowed, '--hide-contents')
    const whole = await exported(world.allowed)
    expect(tracesOf(world.notePath, whole)).not.toEqual([])
    expect(tracesIn(withoutDelegations(bundle))).toEqual({ path: [], folder: [], words: [] })
    expect(tracesOf(world.notePath, bundle)).toEqual([])
    const { code, said } = await show(bundle)
    expect(code).toBe(3)
    expect(said).toMatchObject({
      verdict: 'incomplete',
      proves: 'execution',
      code: 'PROOF_ARGUMENTS_HIDDEN',
      facts: { invocation: world.allowed, contents: 'hidden' },
      shown: [],
    })
    expect(said.arguments).toBeUndefined()
    expect(said.completeness.unjudged).toEqual([
      { link: 0, path: 'args', selectors: [] },
      { link: 0, path: 'rules[0]', selectors: ['path'] },
    ])
  })

  it('says when it is written what it leaves open', async () => {
    const out = join(world.agent.path, `hidden-${++count}.talosproof`)
    const ran = await world.agent.run(['proof', 'export', world.allowed, '--hide-contents', '--out', out])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^wrote .*\nnot judged, since the arguments are hidden/)
    expect(ran.stdout).toContain('\n  delegation 0, rules[0]: path\n')
  })

  it('tells people the same', async () => {
    const ran = await world.agent.run(
      ['proof', 'verify', fileOf(await exported(world.allowed, '--hide-contents'))],
      NO_AGENT,
    )
    expect(ran).toMatchObject({ code: 3, stderr: '' })
    expect(ran.stdout).toMatch(/^INCOMPLETE: proves a call and its outcome, with hidden contents\n/)
    expect(ran.stdout).toContain('contents: hidden')
    expect(ran.stdout).toContain('  delegation 0, rules[0]: path\n')
  })

  it('shows the parts that are chosen, and nothing else', async () => {
    const bundle = await exported(world.allowed, '--hide-contents', '--disclose', 'arguments:/path')
    expect(tracesOf(world.notePath, bundle)).toContain('raw')
    expect(tracesOf(WORDS, bundle)).toEqual([])
    const { code, said } = await show(bundle)
    expect([code, said.shown.map(({ part }) => part)]).toEqual([3, ['arguments:/path']])
    expect(said.completeness.unjudged).toEqual([{ link: 0, path: 'args', selectors: [] }])
    const result = await exported(world.allowed, '--hide-contents', '--disclose', 'output:/content/0/text')
    expect(tracesOf(WORDS, result)).not.toEqual([])
    expect(tracesOf(world.notePath, result)).toEqual([])
  })

  it('writes a page that holds no more', async () => {
    const page = await exported(world.allowed, '--hide-contents', '--html')
    expect(page).toMatch(/^<!doctype html>\n/)
    expect([tracesOf(world.notePath, page), tracesOf(WORDS, page)]).toEqual([[], []])
    const whole = await exported(world.allowed, '--html')
    expect(tracesOf(world.notePath, whole)).not.toEqual([])
  })

  it('proves a refusal, on the word of the executor', async () => {
    const bundle = await exported(world.denied, '--hide-contents')
    expect(tracesOf('/etc/hostname', bundle)).toEqual([])
    expect(tracesOf('/etc/hostname', await exported(world.denied))).not.toEqual([])
    const { code, said } = await show(bundle)
    expect(code).toBe(0)
    expect(said).toMatchObject({ verdict: 'valid', proves: 'refusal', facts: { refusal: 'executor-only' } })
  })
})
