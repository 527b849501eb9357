/** `talos audit serve`: lets others follow the agent's log over HTTP, beside the process that runs the agent. */
import { setTimeout as sleep } from 'node:timers/promises'
import { toBase64 } from '@talos/bytes'
import type { AgentReader } from '@talos/client'
import { formatVerifierKey, parseCheckpoint, splitNote } from '@talos/merkle'
import { type CheckpointWitness, LogServer, type LogServerOptions } from '@talos/tlog'
import { type Command, Option } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { askRunning } from '../../control/ask.ts'
import { fields, type Output, reportOf } from '../../output.ts'
import { untilStopped } from '../../owner.ts'
import { readingLog } from '../../reading.ts'
import { invalid, parseCount, parseDuration } from '../../values.ts'
import { publishedLogOf, readToken } from './source.ts'

const LISTEN = /^(?:\[([0-9a-fA-F:]+)\]|([0-9.]+)):([0-9]{1,5})$/
const MAX_PORT = 65_535

const HELP = `
Examples:
  $ talos audit serve
  $ talos audit serve --listen 127.0.0.1:8620 --sign 1m --token-file token.txt

Serves what the newest signed checkpoint covers, by C2SP tlog-tiles, so that the tools of others read it: docs/audit-service.md
says how. Entries name peers and tools; contents are never in them. Needs no passphrase and never makes the agent wait. Give
--sign so that the running agent signs what was added since. Only this machine reaches it unless you say otherwise; towards
others, put a proxy with TLS before it (with --host for the name that the proxy passes on).

Prints the address. Ctrl-C or SIGTERM ends it.`

interface ServeOptions {
  readonly listen: string
  readonly tokenFile?: string
  readonly allowRemote?: boolean
  readonly host?: readonly string[]
  readonly sign?: string
  readonly witness?: boolean
}

export function addServe(audit: Command, shell: Shell): void {
  audit
    .command('serve')
    .description('let others follow the log over HTTP')
    .option('--listen <address>', 'an IP address and a port, 0 for a free one', '127.0.0.1:0')
    .option('--token-file <file>', 'a file with a token that every request must carry')
    .option('--allow-remote', 'listen also on addresses that other machines reach')
    .addOption(new Option('--host <name>', 'a name that a proxy passes on; repeatable').argParser(collect))
    .option('--sign <interval>', 'have the running agent sign a checkpoint so often, as in 1m')
    .option('--witness', 'have the running agent cosign the logs of others that it knows (C2SP tlog-witness)')
    .addHelpText('after', HELP)
    .action(async (options: ServeOptions, command: Command) => {
      const context = new Context(shell, command)
      const serving = servingOf(options)
      const intervalS = options.sign === undefined ? undefined : parseDuration(options.sign, '--sign')
      const stopped = untilStopped()
      await readingLog(context, async (reader) => {
        const signing = new Signing(context)
        if (intervalS !== undefined) await signing.now()
        const source = publishedLogOf(reader)
        const onFailure = (error: unknown) => shell.output.error(reportOf(error))
        const witness = options.witness === true ? { witness: witnessOf(context) } : {}
        await using server = await LogServer.start({ source, onFailure, ...serving, ...witness })
        tell(shell.output, { reader, url: server.url })
        const stopping = new AbortController()
        if (intervalS !== undefined) void signing.again({ intervalS, signal: stopping.signal })
        await stopped
        stopping.abort()
      })
    })
}

/** The agent that runs has the witness's key and its memory. */
function witnessOf(context: Context): CheckpointWitness {
  return {
    addCheckpoint: async ({ note, from, proof }) =>
      await askRunning(context, { method: 'addCheckpoint', note, from, proof: proof.map(toBase64) }, 'cosigned'),
  }
}

/** @throws TalosError `CLI_OPTION_INVALID`, `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE` */
function servingOf({ listen, tokenFile, allowRemote, host }: ServeOptions): Omit<LogServerOptions, 'source'> {
  const [, v6, v4, portText] = LISTEN.exec(listen) ?? []
  const address = v6 ?? v4
  if (address === undefined || portText === undefined) throw invalid('--listen', 'write 127.0.0.1:PORT or [::1]:PORT')
  const port = parseCount(portText, { option: '--listen', minimum: 0, maximum: MAX_PORT })
  return {
    address,
    port,
    ...(allowRemote !== undefined && { allowRemote }),
    ...(host !== undefined && { hosts: host }),
    ...(tokenFile !== undefined && { token: readToken(tokenFile) }),
  }
}

function tell(output: Output, { reader, url }: { readonly reader: AgentReader; readonly url: string }): void {
  const { logKey } = reader.logKeys()
  const key = formatVerifierKey(logKey)
  const note = reader.publication.newestCheckpoint()
  const size = note === undefined ? null : Number(parseCheckpoint(splitNote(note).text).size)
  output.result({ event: 'serving', url, origin: logKey.name, key, size }, () =>
    fields([
      ['serving', url],
      ['log', logKey.name],
      ['key', key],
      ['entries', size === null ? 'none signed yet: talos audit root --sign, or --sign here' : String(size)],
    ]),
  )
}

/** Has the running agent sign now and then, until it stops. Says why it did not, and again when the reason is another. */
class Signing {
  readonly #context: Context
  #failure: string | undefined

  constructor(context: Context) {
    this.#context = context
  }

  async now(): Promise<void> {
    try {
      await askRunning(this.#context, { method: 'checkpoint' }, 'checkpoint')
      this.#failure = undefined
    } catch (error) {
      const report = reportOf(error)
      if (report.code !== this.#failure) this.#context.output.error(report)
      this.#failure = report.code
    }
  }

  async again({ intervalS, signal }: { readonly intervalS: number; readonly signal: AbortSignal }): Promise<void> {
    for (;;) {
      try {
        await sleep(intervalS * 1000, undefined, { signal })
      } catch {
        return
      }
      await this.now()
    }
  }
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}
