/**
 * What leaves on stdout and stderr.
 *
 * Results go to stdout, everything else to stderr. Text is for people: what peers chose is escaped, so that it can
 * neither move the cursor nor pose as another line. JSON is exact, one object per line.
 */
import { styleText } from 'node:util'
import { ERROR_TABLE, type ErrorCode, isTalosError, TalosError } from '@talos/errors'

/** Where a command writes. Two of them in tests, the process's own otherwise. */
export interface Sink {
  readonly isTTY?: boolean
  write(text: string, done?: (error?: Error | null) => void): unknown
}

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong'

const TONES = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const
/** Control, format (among them all that turn the direction of text), surrogate, private and unassigned characters. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu
/** The same for one character. */
const UNPRINTABLE_ONE = /^[\p{C}\p{Zl}\p{Zp}]$/u
/** What has to be looked at: to ask each of millions of characters for its category takes seconds. */
const UNUSUAL = /[^ -~]/gu
/** How deep the causes of an error are told. */
const MAX_CAUSES = 4

export interface OutputOptions {
  readonly json: boolean
  readonly stdout?: Sink
  readonly stderr?: Sink
  readonly environment?: Readonly<Record<string, string | undefined>>
}

export class Output {
  readonly json: boolean
  readonly #stdout: Sink
  readonly #stderr: Sink
  readonly #environment: Readonly<Record<string, string | undefined>>
  #isUnread = false

  constructor({ json, stdout = process.stdout, stderr = process.stderr, environment = process.env }: OutputOptions) {
    this.json = json
    this.#stdout = stdout
    this.#stderr = stderr
    this.#environment = environment
  }

  /** A result: the object with `--json`, else the lines. */
  result(value: object, lines: () => readonly string[]): void {
    if (this.json) this.object(value)
    else for (const line of lines()) this.#stdout.write(`${this.#fit(line, this.#stdout)}\n`)
  }

  /** A result as an object, whatever was asked for. */
  object(value: object): void {
    this.#stdout.write(`${jsonLine(value)}\n`)
  }

  /** Text for stdout as it is, such as a proof bundle. */
  raw(text: string): void {
    this.#stdout.write(text)
  }

  /** Text for stdout as it is, of which there may be more than fits into memory: resolves once it is taken, or unread for good. */
  async stream(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#stdout.write(text, (error?: unknown) => {
      this.#isUnread ||= error instanceof Error
      resolve()
    })
    await promise
  }

  /** Whether nobody reads what is streamed any more. */
  get isUnread(): boolean {
    return this.#isUnread
  }

  /** One line about what goes on, on stderr. */
  note(line: string): void {
    this.#stderr.write(`${this.#fit(line, this.#stderr)}\n`)
  }

  /** An error on stderr: code, message and remedy, with `--json` as one object. The stack only with TALOS_DEBUG. */
  error(error: unknown): void {
    const report = reportOf(error)
    if (this.json) this.note(jsonLine({ error: report.toJSON() }))
    else this.#tell(report, 'error', 'bad')
    if (this.#environment['TALOS_DEBUG'] && error instanceof Error) this.note(error.stack ?? error.message)
  }

  /** What is wrong while the command goes on: as {@link error}, by another word. */
  warn(report: TalosError): void {
    if (this.json) this.note(jsonLine({ warning: report.toJSON() }))
    else this.#tell(report, 'warning', 'warn')
  }

  /** Colours text for stdout, where that is a terminal and the user has not declined. */
  tint(tone: Tone, text: string): string {
    return this.#tint(this.#stdout, tone, text)
  }

  /** Lines beneath each other; on a terminal with the names of the columns, and a word where there is nothing. */
  table(names: readonly string[], rows: readonly (readonly string[])[], none: string): string[] {
    if (this.#stdout.isTTY !== true) return table(rows)
    if (rows.length === 0) return [this.tint('dim', none)]
    const [head = '', ...lines] = table([names, ...rows])
    return [this.tint('dim', head), ...lines]
  }

  /** Whether stderr is a terminal that may show progress. */
  get isLive(): boolean {
    return this.#stderr.isTTY === true && !this.json && this.#environment['TERM'] !== 'dumb'
  }

  /** Replaces the last line of a terminal; see {@link isLive}. */
  overwrite(line: string): void {
    this.#stderr.write(`\r\u001b[K${line}`)
  }

  /** A terminal that is said to know ASCII alone is given nothing else; a file or a pipe gets the text as it is. */
  #fit(line: string, sink: Sink): string {
    return sink.isTTY === true && !this.json && isAsciiLocale(this.#environment) ? asciiOf(line) : line
  }

  #tell(report: TalosError, word: string, tone: Tone): void {
    this.note(`${this.#tint(this.#stderr, tone, word)} ${report.code}: ${printable(report.message)}`)
    for (const cause of causesOf(report)) this.note(`  because ${cause.code}: ${printable(cause.message)}`)
    this.note(`  ${printable(report.remedy)}`)
  }

  #tint(sink: Sink, tone: Tone, text: string): string {
    const { NO_COLOR, TERM } = this.#environment
    if (sink.isTTY !== true || NO_COLOR || TERM === 'dumb') return text
    return styleText(TONES[tone], text, { validateStream: false })
  }
}

/** Text by others in one line: whatever prints nothing or turns the direction is shown as its number. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\u{${character.codePointAt(0)?.toString(16)}}`
  })
}

/** Whether the locale was set, and to one without UTF-8. Where none is set, terminals of today have it. */
function isAsciiLocale({ LC_ALL, LC_CTYPE, LANG }: Readonly<Record<string, string | undefined>>): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG || ''
  return locale !== '' && !/utf-?8/i.test(locale)
}

/** The same in ASCII: an ellipsis as a tilde, so that columns stay, whatever else as its number. */
function asciiOf(line: string): string {
  return line
    .replaceAll('\u2026', '~')
    .replaceAll(/[^\0-\u{7f}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** JSON in one line, in which characters that a terminal might obey are written as escapes. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replaceAll(UNUSUAL, (character) =>
    UNPRINTABLE_ONE.test(character) ? escapesOf(character) : character,
  )
}

function escapesOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('')
}

/** Lines of `name  value`, values beneath each other. */
export function fields(rows: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

/** Lines of a table, columns two blanks apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Our error, or what stands for a foreign one: its text may hold anything, so only its kind is told. */
export function reportOf(error: unknown): TalosError {
  if (isTalosError(error)) return error
  const kind = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : typeof error
  return new TalosError('CLI_UNEXPECTED', { kind }, { cause: error })
}

/** Whether a text is the code of one of our errors. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code)
}

function causesOf(error: TalosError): TalosError[] {
  const causes: TalosError[] = []
  for (let cause = error.cause; isTalosError(cause) && causes.length < MAX_CAUSES; cause = cause.cause)
    causes.push(cause)
  return causes
}
