/**
 * Keys for uses outside the session's messages (spec 06-session 6.14): the same at both ends, and of no help against a message.
 *
 *     exporter(label) = HMAC-SHA-256(exporter secret, label)
 */
import { Secret, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Kernel } from '@talos/kernel'
import { SessionState } from './state.ts'

/** Characters of a label, at most. */
export const MAX_EXPORTER_LABEL_LENGTH = 64
const LABEL = /^[a-z0-9][a-z0-9/@._-]*$/

export interface SessionExporterOptions {
  readonly kernel: Kernel
  /** What the key is for: 1 to 64 of `a-z 0-9 / @ . _ -`, the first a letter or digit. */
  readonly label: string
}

/**
 * The 32-byte key of a label, fixed for the life of the session. The caller disposes of it.
 *
 * An unconfirmed session exports as well: whoever acts on what such a key proves waits for `confirmed`.
 *
 * @throws TalosError `SESSION_ARGUMENT` for a label of another form
 */
export function sessionExporter(state: SessionState, { kernel, label }: SessionExporterOptions): Secret {
  if (label.length > MAX_EXPORTER_LABEL_LENGTH || !LABEL.test(label)) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'label', reason: 'it is not 1 to 64 of a-z, 0-9, / @ . _ -' })
  }
  return Secret.of(kernel.hmacSha256(SessionState.partsOf(state).facts.exporter, utf8(label)))
}
