/** What the database knows of revocations, put into the book that every decision asks (spec 09-receipt-revocation). */
import { Cid } from '@talos/bytes'
import { openRevocation, openRevocationHead, RevocationBook, type RevocationTarget } from '@talos/capability'
import type { Did } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import type { AgentDatabase, StoredRevocation } from '@talos/storage'

/** Rows that are in memory at a time. */
const ROWS_AT_A_TIME = 1_000

type BookDatabase = Pick<AgentDatabase, 'revocations'>

/**
 * Gives names to the revocations that an earlier version kept without.
 *
 * @throws TalosError store codes; what `openRevocation` throws where a row is damaged
 */
export function nameRevocations({
  database,
  kernel,
}: {
  readonly database: BookDatabase
  readonly kernel: Kernel
}): void {
  for (const { id, bytes } of database.revocations.unnamed()) {
    const { cid, reason } = openRevocation(bytes, { kernel })
    database.revocations.name({ id, cid, reason })
  }
}

/** Reads everything that was stored; its signatures were checked when it came. @throws TalosError store codes */
export function openRevocationBook({
  database,
  kernel,
}: {
  readonly database: BookDatabase
  readonly kernel: Kernel
}): RevocationBook {
  const book = new RevocationBook({ kernel })
  for (const row of rowsOf(database)) {
    const { issuer, atS, reason } = row
    book.put({ issuer, atS, reason, ...targetOf(row.target) })
  }
  for (const issuer of database.revocations.listed()) {
    const list = book.listOf(issuer)
    for (const name of database.revocations.names(issuer)) list.append(name)
  }
  restoreHeads(book, { database, kernel })
  return book
}

/** What a stored text names: an audience, or a delegation. */
export function targetOf(text: string): RevocationTarget {
  return text.startsWith('did:') ? { who: text as Did } : { revokes: Cid.parse(text) }
}

/** The stored text of what is revoked. */
export function targetText({ revokes, who }: RevocationTarget): string {
  return revokes === undefined ? who : revokes.toString()
}

function* rowsOf({ revocations }: BookDatabase): Generator<StoredRevocation> {
  let last: StoredRevocation | undefined
  for (;;) {
    const rows = revocations.all({ last, limit: ROWS_AT_A_TIME })
    yield* rows
    last = rows.at(-1)
    if (last === undefined) return
  }
}

function restoreHeads(
  book: RevocationBook,
  { database, kernel }: { readonly database: BookDatabase; readonly kernel: Kernel },
): void {
  for (const { issuer, bytes, contradiction } of database.revocations.heads()) {
    const head = openRevocationHead(bytes, { kernel })
    const list = book.listOf(issuer)
    list.restore(head)
    if (contradiction !== undefined) list.condemn([head, openRevocationHead(contradiction, { kernel })])
  }
}
