/** `talos proof export` between real agents: what is shown, what stays hidden, pages, wrong choices, and witnesses. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTENT, ProofWorld } from './proof-world.ts'
import { errorOf, PASSPHRASE, type RunOptions } from './talos.ts'

interface Shown {
  readonly verdict: string
  readonly proves: string
  readonly facts: { readonly invocation: string }
  readonly arguments?: string
  readonly shown: readonly { readonly part: string; readonly by: string; readonly text: string }[]
  readonly completeness: { readonly missing: readonly string[]; readonly unjudged: readonly object[] }
  readonly witnessed: { readonly count: number }
}

interface Bundle {
  readonly disclosures: readonly { readonly pointer?: string; readonly value?: unknown }[]
}

const NO_AGENT: RunOptions = { passphrase: null, environment: { TALOS_HOME: '/nonexistent' } }

let world: ProofWorld
let count = 0

beforeAll(async () => {
  world = await ProofWorld.begin()
}, 60_000)

afterAll(async () => await world[Symbol.asyncDispose]())

const newFile = (): string => join(world.agent.path, `${++count}.talosproof`)

async function exported(...words: readonly string[]): Promise<string> {
  const file = newFile()
  await world.agent.json(['proof', 'export', world.allowed, ...words, '--out', file])
  return file
}

const show = async (file: string, ...words: readonly string[]) =>
  await world.agent.json<Shown>(['proof', 'show', file, ...words], NO_AGENT)

const bundleIn = (file: string): Bundle => JSON.parse(readFileSync(file, 'utf8')) as Bundle

/** The bundle that a page holds. */
function bundleOfPage(html: string): string {
  const [, data = ''] = /id="bundle">([^<]*)</.exec(html) ?? []
  return JSON.parse(data) as string
}

describe('proof export', () => {
  it('shows nothing of the result by itself, and the arguments always', async () => {
    const file = await exported()
    expect(readFileSync(file, 'utf8')).not.toContain(CONTENT.trim())
    const { verdict, proves, facts, shown, arguments: sent } = await show(file)
    expect({ verdict, proves, shown }).toEqual({ verdict: 'valid', proves: 'execution', shown: [] })
    expect(facts.invocation).toBe(world.allowed)
    expect(JSON.parse(String(sent))).toEqual({ path: world.notePath })
  })

  it('shows the part that is chosen, and nothing else', async () => {
    const file = await exported('--disclose', 'output:/content/0/text')
    expect(bundleIn(file).disclosures).toMatchObject([{ pointer: '/content/0/text', value: CONTENT }])
    const { shown } = await show(file)
    expect(shown).toEqual([{ part: 'output:/content/0/text', by: 'executor', text: JSON.stringify(CONTENT) }])
    const text = await world.agent.run(['proof', 'show', file], NO_AGENT)
    expect(text.stdout).toContain(`shown by the executor: output:/content/0/text = ${JSON.stringify(CONTENT)}\n`)
    expect(text.stdout).toContain(`arguments: {"path":"${world.notePath}"}\n`)
  })

  it('shows every part below a pointer, parts of the arguments, and the whole response', async () => {
    const { shown } = await show(await exported('--disclose', 'output:/content', '--disclose', 'arguments:/path'))
    const parts = shown.map(({ part, by }) => `${by} ${part}`)
    expect(parts).toContain('executor output:/content/0/type')
    expect(parts).toContain('executor output:/content/0/text')
    expect(parts).toContain('agent arguments:/path')
    expect(parts.some((part) => part.includes('structuredContent'))).toBe(false)
    const whole = await show(await exported('--disclose', 'result'))
    expect(whole.shown.map(({ part }) => part)).toEqual(['result'])
    expect(whole.shown[0]?.text).toContain(CONTENT.trim())
  })

  it.each([
    ['output:/content/9', 'DISCLOSURE_CHOICE'],
    ['output:/Content', 'DISCLOSURE_CHOICE'],
    ['output:content', 'DISCLOSURE_CHOICE'],
    ['arguments:/path/0', 'DISCLOSURE_CHOICE'],
    ['input:/path', 'CLI_OPTION_INVALID'],
    ['result:/a', 'CLI_OPTION_INVALID'],
    ['', 'CLI_OPTION_INVALID'],
  ])('refuses to show %j with %s, and writes nothing', async (choice, code) => {
    const file = newFile()
    const ran = await world.agent.run(['proof', 'export', world.allowed, '--disclose', choice, '--out', file, '--json'])
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([2, '', code])
    expect(existsSync(file)).toBe(false)
  })

  it.each([
    [1024, 'DISCLOSURE_CHOICE'],
    [1025, 'CLI_OPTION_INVALID'],
  ])('refuses a choice of %i characters with %s', async (length, code) => {
    const choice = 'output:/'.padEnd(length, 'a')
    const ran = await world.agent.run(['proof', 'export', world.allowed, '--disclose', choice, '--json'])
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([2, '', code])
  })

  it('shows 64 parts at most', async () => {
    const choices = (length: number) => Array.from({ length }, () => ['--disclose', 'arguments:/path']).flat()
    expect((await show(await exported(...choices(64)))).shown.length).toBe(64)
    const ran = await world.agent.run(['proof', 'export', world.allowed, ...choices(65), '--json'])
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([2, '', 'CLI_OPTION_INVALID'])
  })

  it('leaves out the signed call where its contents are hidden, and says what cannot be judged then', async () => {
    const hidden = await exported('--hide-contents')
    const verified = await world.agent.run(['proof', 'verify', hidden], NO_AGENT)
    expect(verified.code).toBe(3)
    expect(verified.stdout).toMatch(/^INCOMPLETE: proves a call and its outcome, with hidden contents\n/)
    const { stdout } = await world.agent.run(['proof', 'show', hidden, '--json'], NO_AGENT)
    const said = JSON.parse(stdout) as Shown
    expect(said).toMatchObject({ shown: [], completeness: { missing: ['PROOF_ARGUMENTS_HIDDEN'] } })
    expect(said.arguments).toBeUndefined()
    expect(stdout).not.toContain(world.notePath)
    // Whether there were other arguments is the one thing that is left then.
    const named = await exported('--hide-contents', '--disclose', 'arguments:/path')
    const more = await world.agent.run(['proof', 'show', named, '--json'], NO_AGENT)
    const { shown, completeness } = JSON.parse(more.stdout) as Shown
    expect([more.code, shown.map(({ part }) => part)]).toEqual([3, ['arguments:/path']])
    expect(completeness.unjudged).toEqual([{ link: 0, path: 'args', selectors: [] }])
  })

  it('writes the very text to stdout where no file is named', async () => {
    const ran = await world.agent.run(['proof', 'export', world.allowed])
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    const file = newFile()
    writeFileSync(file, ran.stdout)
    expect((await show(file)).verdict).toBe('valid')
  })

  it('writes a page with the same proof, to a file or to stdout', async () => {
    const words = ['proof', 'export', world.allowed, '--disclose', 'output:/content/0/text', '--html']
    const page = join(world.agent.path, 'call.html')
    const { sizeBytes } = await world.agent.json<{ readonly sizeBytes: number }>([...words, '--out', page])
    const html = readFileSync(page, 'utf8')
    expect(sizeBytes).toBe(Buffer.byteLength(html))
    const piped = await world.agent.run(words)
    expect([piped.code, piped.stderr]).toEqual([0, ''])
    for (const text of [html, piped.stdout]) {
      expect(text).toMatch(/^<!doctype html>\n/)
      expect(text).toContain("default-src 'none'")
      const file = newFile()
      writeFileSync(file, bundleOfPage(text))
      expect((await show(file)).shown.map(({ part }) => part)).toEqual(['output:/content/0/text'])
    }
  })

  it('writes over no file, and knows no call that was not made', async () => {
    const file = await exported()
    const before = readFileSync(file, 'utf8')
    for (const words of [[], ['--html']]) {
      const again = await world.agent.run(['proof', 'export', world.denied, ...words, '--out', file, '--json'])
      expect([again.code, errorOf(again).code]).toEqual([2, 'CLI_FILE_UNWRITABLE'])
    }
    expect(readFileSync(file, 'utf8')).toBe(before)
    const other = `bafyrei${'a'.repeat(52)}`
    const unknown = await world.agent.run(['proof', 'export', other, '--json'])
    expect([unknown.code, unknown.stdout, errorOf(unknown).code]).toEqual([1, '', 'EVIDENCE_MISSING'])
    const none = await world.agent.run(['proof', 'export', 'call', '--json'])
    expect([none.code, errorOf(none).code]).toEqual([2, 'CLI_OPTION_INVALID'])
  })

  it('proves a refusal as well', async () => {
    const file = newFile()
    await world.agent.json(['proof', 'export', world.denied, '--out', file])
    expect(await show(file)).toMatchObject({ verdict: 'valid', proves: 'refusal' })
    const ran = await world.agent.run(['proof', 'verify', file], NO_AGENT)
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^VALID: proves a refusal\n/)
    expect(ran.stdout).toContain('denied: ')
  })

  it('takes along who has seen the logs, and is then enough for the strict level', async () => {
    const policy = join(world.agent.path, 'witnesses.txt')
    writeFileSync(policy, await world.witness())
    const file = await exported()
    expect(await show(file, '--level', 'strict', '--policy', policy)).toMatchObject({
      verdict: 'valid',
      witnessed: { count: 2 },
    })
    const paranoid = await world.agent.run(['proof', 'verify', file, '--level', 'paranoid', '--json'], NO_AGENT)
    const { verdict, proves, completeness } = JSON.parse(paranoid.stdout) as Shown
    expect([paranoid.code, verdict, proves]).toEqual([3, 'incomplete', 'execution'])
    expect(completeness.missing).toEqual(['PROOF_UNANCHORED', 'PROOF_UNANCHORED'])
  })

  it('has shown no secret', () => {
    expect(world.agent.printed + world.box.printed).not.toContain(PASSPHRASE)
  })
})
