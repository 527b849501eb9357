/**
 * Where the passphrase of an agent's keys comes from: `--passphrase-file`, then TALOS_PASSPHRASE, then a question on the
 * terminal. Never an argument: those are seen by everybody who lists processes.
 */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { fromUtf8 } from '@talos/bytes'
import { PASSPHRASE_VARIABLE } from '@talos/client'
import { TalosError } from '@talos/errors'
import { readUserFile } from './files.ts'

/** Longer than any passphrase that is accepted, in bytes. */
const FILE_MAX_BYTES = 8_192

export interface PassphraseOptions {
  /** Of the agent, for the question. */
  readonly name: string
  readonly file?: string | undefined
  /** Ask twice: for a passphrase that is being chosen. */
  readonly isNew?: boolean
  /** Environment variable that may hold it; that of the agent's keys unless given. */
  readonly variable?: string
}

/**
 * The passphrase. The variable is taken out of the environment, so that no child process inherits it.
 *
 * @throws TalosError `PASSPHRASE_MISSING` (no terminal to ask on), `CLI_PASSPHRASE_MISMATCH`, `CLI_CANCELLED`,
 *   `CLI_FILE_UNREADABLE`
 */
export async function obtainPassphrase(options: PassphraseOptions): Promise<string> {
  const { name, file, isNew = false, variable = PASSPHRASE_VARIABLE } = options
  const fromEnvironment = process.env[variable]
  delete process.env[variable]
  if (file !== undefined) return firstLine(file)
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new TalosError('PASSPHRASE_MISSING')
  const passphrase = await ask(`Passphrase of ${name}: `)
  if (isNew && (await ask('The same again: ')) !== passphrase) throw new TalosError('CLI_PASSPHRASE_MISMATCH')
  if (passphrase === '') throw new TalosError('PASSPHRASE_MISSING')
  return passphrase
}

function firstLine(file: string): string {
  const bytes = readUserFile(file, FILE_MAX_BYTES)
  try {
    const [line = ''] = fromUtf8(bytes).split(/\r?\n/, 1)
    if (line === '') throw new TalosError('PASSPHRASE_MISSING')
    return line
  } finally {
    bytes.fill(0)
  }
}

/**
 * The line editor takes the terminal's own echo away and writes into nothing. The question comes after that: whoever
 * answers it at once is not echoed either.
 */
function ask(question: string): Promise<string> {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
  process.stderr.write(question)
  return new Promise<string>((resolve, reject) => {
    const cancel = () => reject(new TalosError('CLI_CANCELLED'))
    reader.once('line', resolve)
    reader.once('SIGINT', cancel)
    reader.once('close', cancel)
  }).finally(() => {
    reader.close()
    process.stderr.write('\n')
  })
}
