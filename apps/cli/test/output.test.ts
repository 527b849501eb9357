import { TalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fields, jsonLine, Output, printable, reportOf, table } from '../src/output.ts'
import { Progress, progressLine } from '../src/progress.ts'
import { parseCount, parseDuration, parseMoment, showTime } from '../src/values.ts'

const ESCAPE = '\u001b'
const NO_PRINT = /[\p{C}\p{Zl}\p{Zp}]/u

/** Collects what is written. */
function sink(isTTY: boolean) {
  const written: string[] = []
  return { isTTY, written, write: (text: string) => written.push(text) }
}

describe('text by others', () => {
  it('cannot move the cursor, turn the direction or pose as another line', () => {
    expect(printable(`a${ESCAPE}[2Jb\nc\u202ed\u2028e\u0085f\u200bg`)).toBe(
      'a\\u{1b}[2Jb\\nc\\u{202e}d\\u{2028}e\\u{85}f\\u{200b}g',
    )
  })

  it('has no character left that does not print, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(NO_PRINT)
      }),
      { seed: 42, numRuns: 500 },
    )
  })

  it('stays exact as JSON, with nothing in it that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = jsonLine({ text })
        expect(JSON.parse(line)).toEqual({ text })
        expect(line).not.toMatch(NO_PRINT)
      }),
      { seed: 42, numRuns: 500 },
    )
  })

  it('leaves ordinary text of any script alone', () => {
    expect(printable('Grüße, 世界! ναί')).toBe('Grüße, 世界! ναί')
  })
})

describe('a terminal', () => {
  const outputOn = (isTTY: boolean, environment: Readonly<Record<string, string>> = {}) => {
    const [stdout, stderr] = [sink(isTTY), sink(isTTY)]
    return { stdout, stderr, output: new Output({ json: false, stdout, stderr, environment }) }
  }

  it('is given the names of columns, and a word where there is nothing; a pipe is given the lines alone', () => {
    const [terminal, pipe] = [outputOn(true, { NO_COLOR: '1' }).output, outputOn(false).output]
    expect(terminal.table(['A', 'B'], [['long', 'b']], 'nothing')).toEqual(['A     B', 'long  b'])
    expect(terminal.table(['A', 'B'], [], 'nothing')).toEqual(['nothing'])
    expect(pipe.table(['A', 'B'], [['long', 'b']], 'nothing')).toEqual(['long  b'])
    expect(pipe.table(['A', 'B'], [], 'nothing')).toEqual([])
  })

  it.each([
    [{ LC_ALL: 'C' }, 'a~b \\u{fc}'],
    [{ LANG: 'de_DE.ISO-8859-1' }, 'a~b \\u{fc}'],
    [{ LC_ALL: 'C.UTF-8', LANG: 'C' }, 'a…b ü'],
    [{ LANG: 'en_US.utf8' }, 'a…b ü'],
    [{}, 'a…b ü'],
  ])('with %o is given no character that it does not know', (environment, expected) => {
    const { output, stdout, stderr } = outputOn(true, environment)
    output.result({}, () => ['a…b ü'])
    output.note('a…b ü')
    expect([stdout.written, stderr.written]).toEqual([[`${expected}\n`], [`${expected}\n`]])
    const piped = outputOn(false, environment)
    piped.output.result({}, () => ['a…b ü'])
    expect(piped.stdout.written).toEqual(['a…b ü\n'])
  })

  it('sees a bar grow where something takes long, and nothing else does', async () => {
    expect(progressLine('checked', { done: 0, total: 8 })).toBe(`checked [>${' '.repeat(23)}] 0 %  0 of 8`)
    expect(progressLine('checked', { done: 3, total: 8 })).toBe(`checked [=========>${' '.repeat(14)}] 37 %  3 of 8`)
    expect(progressLine('checked', { done: 8, total: 8 })).toBe(`checked [${'='.repeat(24)}] 100 %  8 of 8`)
    expect(progressLine('checked', { done: 9, total: 0 })).toContain('] 100 %')
    const places = [outputOn(true), outputOn(false), outputOn(true, { TERM: 'dumb' })]
    const bars = places.map(({ output }) => new Progress(output, 'checked'))
    for (const bar of bars) bar.update({ done: 1, total: 2 })
    await new Promise((resolve) => setTimeout(resolve, 250))
    for (const bar of bars) bar.update({ done: 2, total: 2 })
    for (const bar of bars) bar.update({ done: 2, total: 2 })
    for (const bar of bars) bar.end()
    const written = places.map(({ stderr }) => stderr.written)
    expect(written.map(({ length }) => length)).toEqual([2, 0, 0])
    expect(written[0]?.at(-1)).toBe(`\r${ESCAPE}[K`)
  })

  it('is warned by another word than of an error, and a program by another member', () => {
    const fault = new TalosError('AUDIT_CLOSED')
    const { output, stderr } = outputOn(false)
    output.warn(fault)
    expect(stderr.written[0]).toMatch(/^warning AUDIT_CLOSED: /)
    const json = sink(false)
    new Output({ json: true, stdout: json, stderr: json, environment: {} }).warn(fault)
    expect(JSON.parse(`${json.written[0]}`)).toMatchObject({ warning: { code: 'AUDIT_CLOSED' } })
  })
})

describe('colours', () => {
  it('are on a terminal alone', () => {
    const [terminal, pipe] = [sink(true), sink(false)]
    const options = { json: false, stderr: pipe, environment: {} }
    expect(new Output({ ...options, stdout: terminal }).tint('good', 'yes')).toBe(`${ESCAPE}[32myes${ESCAPE}[39m`)
    expect(new Output({ ...options, stdout: pipe }).tint('good', 'yes')).toBe('yes')
  })

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('are declined by %o', (environment) => {
    const output = new Output({ json: false, stdout: sink(true), stderr: sink(true), environment })
    expect(output.tint('bad', 'no')).toBe('no')
  })
})

describe('errors', () => {
  const secretive = new TalosError('CLI_FILE_UNREADABLE', { path: `x${ESCAPE}[2J`, reason: 'ENOENT' })

  it('are told by code, message, causes and remedy, on stderr', () => {
    const [stdout, stderr] = [sink(false), sink(false)]
    const error = new TalosError('CLI_FILE_UNWRITABLE', { path: 'a', reason: 'EIO' }, { cause: secretive })
    new Output({ json: false, stdout, stderr, environment: {} }).error(error)
    expect(stdout.written).toEqual([])
    expect(stderr.written.join('')).toBe(
      'error CLI_FILE_UNWRITABLE: cannot write a: EIO\n' +
        '  because CLI_FILE_UNREADABLE: cannot read x\\u{1b}[2J: ENOENT\n' +
        '  Choose a path that does not exist yet, in a folder that you may write to, on a disk with room.\n',
    )
  })

  it('are one object with --json, on stderr as well', () => {
    const [stdout, stderr] = [sink(false), sink(false)]
    new Output({ json: true, stdout, stderr, environment: {} }).error(secretive)
    expect(stdout.written).toEqual([])
    expect(JSON.parse(stderr.written.join(''))).toEqual({ error: JSON.parse(JSON.stringify(secretive)) })
  })

  it('that are not ours are told by their kind alone, since their text may hold anything', () => {
    const [stdout, stderr] = [sink(false), sink(false)]
    new Output({ json: false, stdout, stderr, environment: {} }).error(new RangeError('the key is 4242'))
    expect(stderr.written.join('')).toContain('error CLI_UNEXPECTED: an unexpected failure (RangeError)')
    expect(stderr.written.join('')).not.toContain('4242')
    expect(reportOf('thrown text').details).toEqual({ kind: 'string' })
  })

  it('show their stack with TALOS_DEBUG only', () => {
    const [quiet, loud] = [sink(false), sink(false)]
    const options = { json: false, stdout: sink(false) }
    new Output({ ...options, stderr: quiet, environment: {} }).error(secretive)
    new Output({ ...options, stderr: loud, environment: { TALOS_DEBUG: '1' } }).error(secretive)
    expect(quiet.written.join('')).not.toContain('output.test')
    expect(loud.written.join('')).toContain('output.test')
  })
})

describe('lists', () => {
  it('align their columns', () => {
    expect(
      fields([
        ['a', '1'],
        ['long', '2'],
      ]),
    ).toEqual(['a     1', 'long  2'])
    expect(
      table([
        ['1', 'a', 'x'],
        ['22', 'bb', ''],
      ]),
    ).toEqual(['1   a   x', '22  bb'])
    expect(table([])).toEqual([])
  })
})

describe('typed values', () => {
  it('take durations in seconds, minutes, hours and days', () => {
    expect(['90s', '15m', '8h', '7d'].map((text) => parseDuration(text, '--for'))).toEqual([90, 900, 28_800, 604_800])
    expect(parseDuration('3650d', '--for')).toBe(315_360_000)
  })

  it.each(['', '0m', '15', '-1m', '1.5h', '15M', '1m30s', '3651d', '99999999999d'])(
    'refuse the duration %o',
    (text) => {
      expect(() => parseDuration(text, '--for')).toThrow(expect.objectContaining({ code: 'CLI_OPTION_INVALID' }))
    },
  )

  it('take moments as times and as how long ago', () => {
    const options = { option: '--since', nowMs: 1_000_000_000 }
    expect(parseMoment('15m', options)).toBe(1_000_000_000 - 900_000)
    expect(parseMoment('2031-05-01T12:00:00Z', options)).toBe(Date.UTC(2031, 4, 1, 12))
    expect(() => parseMoment('yesterday', options)).toThrow(expect.objectContaining({ code: 'CLI_OPTION_INVALID' }))
    expect(() => parseMoment('2031-13-01', options)).toThrow(expect.objectContaining({ code: 'CLI_OPTION_INVALID' }))
  })

  it('take whole numbers within their bounds', () => {
    const bounds = { option: '--limit', minimum: 1, maximum: 10 }
    expect([parseCount('1', bounds), parseCount('10', bounds)]).toEqual([1, 10])
    for (const text of ['0', '11', '1e1', '01', ' 1', '', '-1', '0x1', '1.0']) {
      expect(() => parseCount(text, bounds)).toThrow(expect.objectContaining({ code: 'CLI_OPTION_INVALID' }))
    }
  })

  it('show times that no calendar has as numbers', () => {
    expect(showTime(0)).toBe('1970-01-01T00:00:00Z')
    expect(showTime(Number.MAX_SAFE_INTEGER)).toBe('9007199254740991')
  })
})
