/** docs/anchoring.md and the help of talos anchor: every command line parses, with every option it names. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { addAnchor } from '../src/commands/anchor/index.ts'
import { Output } from '../src/output.ts'

const DOC = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'anchoring.md'), 'utf8')

/** The command with its options, doing nothing; tells which one was called. */
function parse(words: readonly string[]): string {
  const program = new Command('talos').exitOverride().option('--json')
  addAnchor(program, { output: new Output({ json: false }), exitCode: 0 })
  let called = ''
  for (const command of program.commands[0]?.commands ?? []) {
    command.exitOverride().configureOutput({ writeErr: () => undefined })
    command.action(() => {
      called = command.name()
    })
  }
  program.parse(words, { from: 'user' })
  return called
}

function helpLines(): readonly string[] {
  const program = new Command('talos')
  addAnchor(program, { output: new Output({ json: false }), exitCode: 0 })
  return (program.commands[0]?.commands ?? []).flatMap((command) => {
    let text = ''
    command.configureOutput({
      writeOut: (part) => {
        text += part
      },
    })
    command.outputHelp()
    return [...text.matchAll(/\$ talos ([^\n]*)/g)].map(([, line = '']) => line.split(/ {2,}/)[0] ?? '')
  })
}

const docLines = [...DOC.matchAll(/^ {4}talos ([^\n]*)$/gm)].map(([, line = '']) => line)

describe('the page on anchoring', () => {
  it('names every command, and every line of it parses', () => {
    expect(docLines.length).toBeGreaterThan(8)
    const called = docLines.map((line) => parse(line.split(' ')))
    expect(new Set(called)).toEqual(new Set(['init', 'status', 'now', 'export', 'verify']))
  })

  it('names no option of talos anchor init that is not one', () => {
    const options = [...DOC.matchAll(/`(--[a-z-]+)/g)].map(([, option]) => option)
    const program = new Command('talos')
    addAnchor(program, { output: new Output({ json: false }), exitCode: 0 })
    const known = (program.commands[0]?.commands ?? []).flatMap(({ options: all }) => all.map(({ long }) => long))
    expect(options.length).toBeGreaterThan(8)
    for (const option of options) expect(known).toContain(option)
  })
})

describe('the help of talos anchor', () => {
  it('has examples, and every one of them parses', () => {
    const lines = helpLines()
    expect(lines.length).toBeGreaterThan(8)
    for (const line of lines) expect(parse(line.split(' '))).not.toBe('')
  })
})
