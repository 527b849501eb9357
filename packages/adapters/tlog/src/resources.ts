/** What the log service gives for a path, with its type and how long it may be kept (spec 22-log-service, 22.2 and 22.4). */
import type { LogSource } from '@talos/audit'
import { utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { TILE_WIDTH } from '@talos/merkle'
import type { LogPath } from './log-path.ts'
import { formatRevocationPage } from './revocation-page.ts'

/** What is there to read. */
export interface Resource {
  readonly type: string
  readonly body: Uint8Array
  /** Never another under this path; anything else is asked for again each time. */
  readonly isImmutable: boolean
}

const BINARY = 'application/octet-stream'
const TEXT = 'text/plain; charset=utf-8'

/**
 * Reads what a path names.
 *
 * @throws TalosError `LOG_NOT_PUBLISHED`, what the source throws
 */
export async function readResource(
  source: LogSource,
  path: Exclude<LogPath, { readonly kind: 'add-checkpoint' }>,
): Promise<Resource> {
  switch (path.kind) {
    case 'checkpoint':
      return changing(TEXT, utf8(await source.checkpoint()))
    case 'log-key':
      return changing(BINARY, await source.logKey())
    case 'key-log':
      return changing('text/jsonl; charset=utf-8', utf8(await source.keyLog()))
    case 'revocation-head':
      return changing(BINARY, (await pageOf(source, 0)).head)
    case 'revocations':
      return changing('application/json', utf8(formatRevocationPage(await pageOf(source, path.after))))
    case 'tile': {
      const { level, index, width } = path
      const isEntries = level === 'entries'
      const body = isEntries ? await source.entries({ index, width }) : await source.tile({ level, index, width })
      return { type: BINARY, body, isImmutable: width === TILE_WIDTH }
    }
  }
}

async function pageOf(source: LogSource, after: number) {
  const page = await source.revocations(after)
  if (page === undefined) throw new TalosError('LOG_NOT_PUBLISHED', { what: 'revocations' })
  return page
}

function changing(type: string, body: Uint8Array): Resource {
  return { type, body, isImmutable: false }
}
