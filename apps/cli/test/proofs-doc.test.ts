/** docs/proofs.md: every command line is run, in its order, between real agents, and does what the page says. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { VALIDATION_LEVELS } from '@talos/proof'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProofWorld } from './proof-world.ts'
import type { RunOptions } from './talos.ts'

const DOC = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'proofs.md'), 'utf8')
const lines = [...DOC.matchAll(/^ {4}(talos [^\n]*)$/gm)].map(([, line = '']) => line)
const NO_AGENT: RunOptions = { passphrase: null, environment: { TALOS_HOME: '/nonexistent' } }
const NEEDS_NO_AGENT = /^talos proof (?:verify|show|html) /

let world: ProofWorld
const values: Record<string, string> = {}

beforeAll(async () => {
  world = await ProofWorld.begin()
  const { agent, allowed, boxDid } = world
  values['CALL'] = allowed
  values['PEER'] = boxDid
  writeFileSync(fileNamed('witnesses.txt'), await world.witness())
  writeFileSync(fileNamed('did.jsonl'), (await agent.run(['identity', 'log', '--raw'])).stdout)
}, 60_000)

afterAll(async () => await world[Symbol.asyncDispose]())

const fileNamed = (name: string): string => join(world.agent.path, name)

/** As a shell would; files lie in the caller's home. */
function wordsOf(line: string): string[] {
  return line
    .split(' ')
    .slice(1)
    .map((word) => word.replace(/^\$([A-Z]+)$/, (_, name: string) => `${values[name]}`))
    .map((word) => (/^[a-z]+\.(?:talosproof|html|txt|jsonl|prom)$/.test(word) ? fileNamed(word) : word))
}

describe('docs/proofs.md', () => {
  it('shows command lines', () => {
    expect(lines.length).toBeGreaterThan(20)
  })

  it.each(lines)('%s', async (line) => {
    const ran = await world.agent.run(wordsOf(line), NEEDS_NO_AGENT.test(line) ? NO_AGENT : {})
    // The page says that no anchor counts where no block is known, and that conditions on what is hidden are not judged.
    const isIncomplete = / verify .*(?:paranoid|hidden)/.test(line)
    expect([ran.code, ran.stderr]).toEqual([isIncomplete ? 3 : 0, ''])
  })

  it('left the files that it names', () => {
    const named = lines.flatMap((line) => [...line.matchAll(/--(?:out|metrics) (\S+)/g)].map(([, name = '']) => name))
    expect(named.length).toBeGreaterThan(6)
    for (const name of named) expect(existsSync(fileNamed(name)), name).toBe(true)
  })

  it('names every level, every option of its commands, and every counter', async () => {
    for (const level of VALIDATION_LEVELS) expect(DOC).toContain(`| \`${level}\` |`)
    for (const command of ['list', 'export', 'html', 'show', 'verify']) {
      expect(
        lines.some((line) => line.startsWith(`talos proof ${command} `) || line === `talos proof ${command}`),
      ).toBe(true)
    }
    for (const command of ['export', 'verify']) {
      const { stdout } = await world.agent.run(['proof', command, '--help'])
      const own = stdout.slice(0, stdout.indexOf('Global Options'))
      const options = [...own.matchAll(/^ {2}(?:-h, )?(--[a-z-]+)/gm)].map(([, option = '']) => option)
      expect(options.length).toBeGreaterThan(2)
      const unsaid = options.filter((option) => option !== '--help' && !DOC.includes(option))
      expect(unsaid).toEqual([])
    }
    const counters = [...readFileSync(fileNamed('proofs.prom'), 'utf8').matchAll(/^# TYPE (\w+)/gm)]
    expect(counters.length).toBeGreaterThan(3)
    for (const [, name] of counters) expect(DOC).toContain(`\`${name}\``)
  })
})
