/** Where a log that is followed comes from: a log service, or the folder of an agent on this machine. */
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { LogSource } from '@talos/audit'
import { Secret } from '@talos/bytes'
import { type AgentReader, openAgentReader } from '@talos/client'
import { HttpLogSource, PublishedLog } from '@talos/tlog'
import { readUserFile } from '../../files.ts'
import { invalid } from '../../values.ts'

const TOKEN_FILE_MAX_BYTES = 4_096
const NEWLINES_AT_END = /[\r\n]+$/

/** A source that may hold files open. */
export interface OpenedSource extends Disposable {
  readonly source: LogSource
}

export interface OpenSourceOptions {
  /** Of a service that asks for a token. */
  readonly tokenFile?: string
  readonly signal: AbortSignal
}

/**
 * Opens what is named: an address, or an agent's folder.
 *
 * @throws TalosError `LOG_ADDRESS_INVALID`, `CLI_OPTION_INVALID`, and what opens an agent for reading
 */
export function openSource(place: string, { tokenFile, signal }: OpenSourceOptions): OpenedSource {
  if (/^https?:\/\//.test(place)) {
    const token = tokenFile === undefined ? undefined : readToken(tokenFile)
    const source = new HttpLogSource({ url: place, signal, ...(token !== undefined && { token }) })
    return { source, [Symbol.dispose]: () => token?.dispose() }
  }
  if (!existsSync(join(place, 'audit.db')))
    throw invalid('PLACE', "it is neither an http address nor an agent's folder")
  const folder = realpathSync(place)
  const reader = openAgentReader(basename(folder), { home: dirname(dirname(folder)) })
  return { source: publishedLogOf(reader), [Symbol.dispose]: () => reader.close() }
}

/** The agent's log as far as it is published. */
export function publishedLogOf({ log, kernel, publication }: AgentReader): PublishedLog {
  return new PublishedLog({
    reader: log,
    kernel,
    newestCheckpoint: () => publication.newestCheckpoint(),
    logKey: () => publication.logKey(),
    keyLog: () => publication.keyLog(),
    revocations: (after) => publication.revocations(after),
  })
}

/** The one line of a file. @throws TalosError `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE` */
export function readToken(path: string): Secret {
  const text = readUserFile(path, TOKEN_FILE_MAX_BYTES).toString('latin1').replace(NEWLINES_AT_END, '')
  return Secret.of(Buffer.from(text, 'latin1'))
}
