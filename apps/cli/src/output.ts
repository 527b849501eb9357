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
  write(text: string, done?: () => void): unknown
}

export type Tone = 'good' | 'bad' | 'warn' | 'dim' | 'strong'

const TONES = { good: 'green', bad: 'red', warn: 'yellow', dim: 'dim', strong: 'bold' } as const
/** Control, format (among them all that turn the direction of text), surrogate, private and unassigned characters. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu
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

  constructor({ json, stdout = process.stdout, stderr = process.stderr, environment = process.env }: OutputOptions) {
    this.json = json
    this.#stdout = stdout
    this.#stderr = stderr
    this.#environment = environment
  }

  /** A result: the object with `--json`, else the lines. */
  result(value: object, lines: () => readonly string[]): void {
    if (this.json) this.object(value)
    else for (const line of lines()) this.#stdout.write(`${line}\n`)
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
    this.#stdout.write(text, resolve)
    await promise
  }

  /** One line about what goes on, on stderr. */
  note(line: string): void {
    this.#stderr.write(`${line}\n`)
  }

  /** An error on stderr: code, message and remedy, with `--json` as one object. The stack only with TALOS_DEBUG. */
  error(error: unknown): void {
    const report = reportOf(error)
    if (this.json) this.note(jsonLine({ error: report.toJSON() }))
    else {
      this.note(`${this.#tint(this.#stderr, 'bad', 'error')} ${report.code}: ${printable(report.message)}`)
      for (const cause of causesOf(report)) this.note(`  because ${cause.code}: ${printable(cause.message)}`)
      this.note(`  ${printable(report.remedy)}`)
    }
    if (this.#environment['TALOS_DEBUG'] && error instanceof Error) this.note(error.stack ?? error.message)
  }

  /** Colours text for stdout, where that is a terminal and the user has not declined. */
  tint(tone: Tone, text: string): string {
    return this.#tint(this.#stdout, tone, text)
  }

  /** Whether stderr is a terminal that may show progress. */
  get isLive(): boolean {
    return this.#stderr.isTTY === true && !this.json
  }

  /** Replaces the last line of a terminal; see {@link isLive}. */
  overwrite(line: string): void {
    this.#stderr.write(`\r\u001b[K${line}`)
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

/** JSON in one line, in which characters that a terminal might obey are written as escapes. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replaceAll(UNPRINTABLE, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
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
