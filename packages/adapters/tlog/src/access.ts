/** Who may ask: the host that a request names, and the token that it carries (spec 22-log-service, 22.4). */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Secret, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'

/** Fewer characters could be guessed. */
export const TOKEN_MIN_CHARS = 32
export const TOKEN_MAX_CHARS = 256
const TOKEN = /^[A-Za-z0-9._~+/=-]+$/
const BEARER = /^Bearer +(\S+)$/i
/** Names under which a browser or a program reaches this machine from within it. */
const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]']
const PORT = /:[0-9]{1,5}$/

export interface AccessRules {
  /** Names that a request may be for besides the loopback ones; undefined where every name is good. */
  readonly hosts: readonly string[] | undefined
  /** Undefined where everybody may ask. */
  readonly token: Secret | undefined
}

export class Access {
  readonly #hosts: ReadonlySet<string> | undefined
  readonly #digest: Uint8Array | undefined

  /** @throws TalosError `LOG_TOKEN_INVALID` */
  constructor({ hosts, token }: AccessRules) {
    this.#hosts = hosts && new Set([...LOOPBACK_NAMES, ...hosts.map((host) => host.toLowerCase())])
    this.#digest = token?.use((bytes) => digestOf(requireToken(bytes)))
  }

  /** Whether all answers are for holders of the token alone. */
  get isPrivate(): boolean {
    return this.#digest !== undefined
  }

  /**
   * A page that a browser loaded from elsewhere reaches loopback addresses under a name of its own (DNS rebinding): that name
   * stands in the request.
   *
   * @throws TalosError `LOG_HOST_REFUSED`, `LOG_TOKEN_WRONG`
   */
  require({ headers: { host = '', authorization = '' } }: IncomingMessage): void {
    if (this.#hosts?.has(host.toLowerCase().replace(PORT, '')) === false) throw new TalosError('LOG_HOST_REFUSED')
    if (this.#digest === undefined) return
    const shown = digestOf(utf8(BEARER.exec(authorization)?.[1] ?? ''))
    if (!timingSafeEqual(shown, this.#digest)) throw new TalosError('LOG_TOKEN_WRONG')
  }
}

function requireToken(bytes: Uint8Array): Uint8Array {
  const invalid = (reason: string) => new TalosError('LOG_TOKEN_INVALID', { reason })
  if (bytes.length < TOKEN_MIN_CHARS || bytes.length > TOKEN_MAX_CHARS) {
    throw invalid(`it does not have ${TOKEN_MIN_CHARS} to ${TOKEN_MAX_CHARS} characters`)
  }
  if (!TOKEN.test(Buffer.from(bytes).toString('latin1'))) throw invalid('a header cannot carry all of its characters')
  return bytes
}

/** Of one length whatever was shown, so that comparing takes the same time. */
function digestOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
