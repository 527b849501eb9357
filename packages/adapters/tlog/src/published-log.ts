/**
 * An audit log as far as it is published: what its newest signed checkpoint covers, and nothing behind it (spec
 * 22-log-service, 22.3). Reads a store that another process may be writing; never waits for it and never makes it wait.
 */
import { type AuditReader, entriesOf, type LogSource, type RevocationPage } from '@talos/audit'
import { equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { HASH_BYTES, parseCheckpoint, splitNote, TILE_WIDTH, tileWidth } from '@talos/merkle'
import { firstPage } from './revocation-page.ts'

export interface PublishedLogOptions {
  /** Over a store that may be open for reading only. */
  readonly reader: AuditReader
  readonly kernel: Kernel
  /** The newest checkpoint that was signed and may be shown, with whatever cosignatures there are. */
  readonly newestCheckpoint: () => string | undefined
  /** The newest envelope by which the agent lets the log's key sign. */
  readonly logKey: () => Uint8Array
  /** The agent's key log, did.jsonl; undefined where it has none. */
  readonly keyLog: () => string | undefined
  /** A page of the agent's list of revocations; undefined where it has signed no head. */
  readonly revocations: (after: number) => RevocationPage | undefined
}

/** Every method throws `LOG_NOT_PUBLISHED` for what is not there, and what the store throws. */
export class PublishedLog implements LogSource {
  readonly #options: PublishedLogOptions

  constructor(options: PublishedLogOptions) {
    this.#options = options
  }

  async checkpoint(): Promise<string> {
    return this.#newest()
  }

  /** @throws TalosError `LOG_NOT_PUBLISHED`, `AUDIT_CORRUPT` */
  async tile(tile: { readonly level: number; readonly index: number; readonly width: number }): Promise<Uint8Array> {
    const size = this.#published()
    const { level, index, width } = tile
    if (width > tileWidth({ level, index, size })) throw notPublished('tile')
    return this.#options.reader.tile(tile)
  }

  /** Each entry is held against its hash in the tree before it leaves. @throws TalosError `LOG_NOT_PUBLISHED`, `AUDIT_CORRUPT` */
  async entries(bundle: { readonly index: number; readonly width: number }): Promise<Uint8Array> {
    const size = this.#published()
    const { index, width } = bundle
    if (width > tileWidth({ level: 0, index, size })) throw notPublished('entries')
    const bytes = this.#options.reader.bundle(bundle)
    this.#requireHashed(bytes, { index, width })
    return bytes
  }

  async logKey(): Promise<Uint8Array> {
    return this.#options.logKey()
  }

  async keyLog(): Promise<string> {
    const text = this.#options.keyLog()
    if (text === undefined) throw notPublished('key log')
    return text
  }

  /** As many as one page takes. */
  async revocations(after: number): Promise<RevocationPage | undefined> {
    const page = this.#options.revocations(after)
    return page && { head: page.head, items: firstPage(page.items) }
  }

  #newest(): string {
    const note = this.#options.newestCheckpoint()
    if (note === undefined) throw notPublished('checkpoint')
    return note
  }

  /** Size of the newest checkpoint; the reader knows at least as much afterwards. */
  #published() {
    const { size } = parseCheckpoint(splitNote(this.#newest()).text)
    const { reader } = this.#options
    if (reader.size < size) reader.refresh()
    if (reader.size < size) throw new TalosError('AUDIT_ROLLBACK', { size, reason: `it has ${reader.size} entries` })
    return size
  }

  #requireHashed(bodies: Uint8Array, { index, width }: { readonly index: number; readonly width: number }): void {
    const { reader, kernel } = this.#options
    const first = index * TILE_WIDTH
    const entries = entriesOf({ first, count: width, bodies })
    const stored = reader.leafHashes({ from: first, to: first + width })
    for (const [position, hash] of kernel.leafHashes(entries.map(({ body }) => body)).entries()) {
      const expected = stored.subarray(position * HASH_BYTES, (position + 1) * HASH_BYTES)
      if (!equalBytes(hash, expected)) throw new TalosError('AUDIT_CORRUPT', { index: first + position, part: 'entry' })
    }
  }
}

function notPublished(what: string): TalosError {
  return new TalosError('LOG_NOT_PUBLISHED', { what })
}
