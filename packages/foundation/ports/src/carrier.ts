/**
 * The carrier port: one ordered, reliable pipe of bytes to a peer's transport key.
 *
 * A carrier authenticates transport keys only. Who owns a transport key is proven above it, by the link's hello, which
 * signs `channelBinding` with the DID key; contents are sealed above that, by the session. No carrier is trusted with
 * contents.
 */

/** Why a connection ended. `reset` covers everything the other side did not announce. */
export type CloseReason = 'local' | 'remote' | 'reset' | 'timeout' | 'protocol'

export interface CarrierConnection {
  /** Name of the carrier, such as `tls`. */
  readonly carrier: string
  /** The Ed25519 transport key that the peer proved to hold; 32 bytes. */
  readonly remoteTransportKey: Uint8Array
  /** 32 bytes that both ends, and nobody else, derive for this very connection (RFC 9266 style exporter). */
  readonly channelBinding: Uint8Array
  /** Where the peer is, for people to read; never part of a proof. */
  readonly remoteAddress: string
  /**
   * The bytes that arrive, in order; ends when the peer half-closes; throws a TalosError when the connection breaks.
   * A carrier may be unable to tell an announced end from a cut one (TLS under Node is): no meaning may rest on an end,
   * what was complete is said by the link's CLOSE frame. One reader per connection; leaving early closes it.
   */
  readonly incoming: AsyncIterable<Uint8Array>
  /** Settles with the reason once the connection is over in both directions. Never rejects. */
  readonly closed: Promise<CloseReason>
  /** Resolves when the carrier takes more bytes: await it, it is the backpressure. Rejects after close. */
  write(bytes: Uint8Array): Promise<void>
  /** Half-closes: no more bytes from this side. */
  end(): Promise<void>
  /** Closes both directions at once. Idempotent. */
  close(reason?: CloseReason): void
}

export interface CarrierDialOptions {
  /** The key that the peer must prove; 32 bytes. */
  readonly remoteTransportKey: Uint8Array
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface CarrierListenOptions {
  /** Called once per authenticated connection. */
  readonly onConnection: (connection: CarrierConnection) => void
  /** Connections beyond this number are refused; a named default applies. */
  readonly maxConnections?: number
}

export interface CarrierListener {
  /** The addresses to dial, as URLs of this carrier, such as `tls://127.0.0.1:4433`. */
  readonly endpoints: readonly string[]
  /** Stops listening and closes what is open. Idempotent. */
  close(): Promise<void>
}

export interface Carrier {
  readonly name: string
  /** URL schemes that this carrier dials, such as `['tls:']`. */
  readonly schemes: readonly string[]
  listen(endpoint: string, options: CarrierListenOptions): Promise<CarrierListener>
  dial(endpoint: string, options: CarrierDialOptions): Promise<CarrierConnection>
}
