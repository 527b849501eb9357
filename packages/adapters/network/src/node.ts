/**
 * A node of the network (spec 13-link-envelope, 13.11): listens on its carriers and dials peers by what an invitation
 * says. Inbound links are bounded in number, per DID, and while they have not yet proven one.
 */
import type { Did } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { Signer } from '@talos/identity'
import type { Carrier, CarrierConnection } from '@talos/ports'
import {
  DEFAULT_DIAL_TIMEOUT_MS,
  DEFAULT_MAX_INBOUND_LINKS,
  DEFAULT_MAX_LINKS_PER_DID,
  MAX_DIAL_ENDPOINTS,
  MAX_PENDING_HELLOS,
} from './limits.ts'
import type { Link } from './link/link.ts'
import { type OpenLinkOptions, openLink } from './link/open-link.ts'

/** A carrier that knows the key which it shows to peers. */
export interface KeyedCarrier extends Carrier {
  /** 32 bytes. */
  readonly transportKey: Uint8Array
}

/** How to reach a peer and what it must prove; the parts of an invitation that dialling needs. */
export interface PeerAddress {
  readonly did: Did
  /** Tried in order; the first {@link MAX_DIAL_ENDPOINTS} count. */
  readonly endpoints: readonly string[]
  /** 32 bytes. */
  readonly transportKey: Uint8Array
}

export type LinkSettings = Omit<
  OpenLinkOptions,
  'connection' | 'role' | 'signer' | 'transportKey' | 'expectedDid' | 'admit'
>

export interface NetworkNodeOptions {
  readonly carriers: readonly KeyedCarrier[]
  readonly signer: Signer
  readonly maxInboundLinks?: number
  readonly maxLinksPerDid?: number
  readonly maxPendingHellos?: number
  /** Terms and times of every link. */
  readonly link?: LinkSettings
}

export interface NodeListenOptions {
  /** Called once per link that is up. When it throws, that link is closed. */
  readonly onLink: (link: Link) => void
  /** Whom to admit; everybody who proves a DID unless given. */
  readonly admit?: (did: Did) => boolean
}

export interface NodeListener {
  /** To put into invitations. */
  readonly endpoints: readonly string[]
  /** Stops listening; links from here are closed. */
  close(): Promise<void>
}

export interface NodeDialOptions {
  /** For each endpoint. */
  readonly attemptTimeoutMs?: number
  /** Take whoever proves a DID behind the expected transport key: the caller asks how it follows on the one that it knows. */
  readonly anyDid?: boolean
  readonly signal?: AbortSignal
}

export class NetworkNode implements AsyncDisposable {
  readonly #options: NetworkNodeOptions
  readonly #inbound: InboundPlaces
  readonly #pending = new Set<CarrierConnection>()
  readonly #links = new Set<Link>()
  readonly #listeners = new Set<NodeListener>()

  constructor(options: NetworkNodeOptions) {
    this.#options = options
    this.#inbound = new InboundPlaces({
      maxLinks: options.maxInboundLinks ?? DEFAULT_MAX_INBOUND_LINKS,
      maxPerDid: options.maxLinksPerDid ?? DEFAULT_MAX_LINKS_PER_DID,
    })
  }

  /** @throws TalosError `NETWORK_ENDPOINT_INVALID`, `NETWORK_LISTEN_FAILED` */
  async listen(endpoint: string, options: NodeListenOptions): Promise<NodeListener> {
    const carrier = this.#carrierFor(endpoint)
    const onConnection = (connection: CarrierConnection) => void this.#accept(connection, carrier, options)
    const listening = await carrier.listen(endpoint, { onConnection })
    const listener = {
      endpoints: listening.endpoints,
      close: async () => {
        this.#listeners.delete(listener)
        await listening.close()
      },
    }
    this.#listeners.add(listener)
    return listener
  }

  /**
   * Opens a link to the peer through the first of its endpoints that leads there.
   *
   * @throws TalosError that of the attempt where there was one; else `NETWORK_NO_ENDPOINT`, whose cause is an
   * AggregateError of all attempts; `NETWORK_ABORTED`
   */
  async dial(peer: PeerAddress, options: NodeDialOptions = {}): Promise<Link> {
    const failures: unknown[] = []
    for (const endpoint of peer.endpoints.slice(0, MAX_DIAL_ENDPOINTS)) {
      try {
        return await this.#attempt(endpoint, peer, options)
      } catch (error) {
        if (isTalosError(error, 'NETWORK_ABORTED')) throw error
        failures.push(error)
      }
    }
    const [only] = failures
    if (failures.length === 1 && isTalosError(only)) throw only
    throw new TalosError('NETWORK_NO_ENDPOINT', { attempts: failures.length }, { cause: new AggregateError(failures) })
  }

  /** Closes listeners and links. The node may be used again. */
  async close(): Promise<void> {
    await Promise.all([...this.#links].map((link) => link.close()))
    await Promise.all([...this.#listeners].map((listener) => listener.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #attempt(endpoint: string, peer: PeerAddress, options: NodeDialOptions): Promise<Link> {
    const carrier = this.#carrierFor(endpoint)
    const { attemptTimeoutMs: timeoutMs = DEFAULT_DIAL_TIMEOUT_MS, anyDid = false, signal } = options
    const connection = await carrier.dial(endpoint, {
      remoteTransportKey: peer.transportKey,
      timeoutMs,
      ...(signal !== undefined && { signal }),
    })
    return this.#track(
      await openLink({
        ...this.#options.link,
        connection,
        role: 'dialer',
        signer: this.#options.signer,
        transportKey: carrier.transportKey,
        ...(!anyDid && { expectedDid: peer.did }),
      }),
    )
  }

  async #accept(connection: CarrierConnection, carrier: KeyedCarrier, options: NodeListenOptions): Promise<void> {
    this.#pending.add(connection)
    this.#dropOldestPending()
    let place: Place | undefined
    const admit = (did: Did): boolean => {
      if (options.admit?.(did) === false) return false
      place = this.#inbound.take(did)
      return place !== undefined
    }
    try {
      const { signer, link: settings } = this.#options
      const { transportKey } = carrier
      const link = this.#track(
        await openLink({ ...settings, connection, role: 'listener', signer, transportKey, admit }),
      )
      void link.closed.then(() => place?.free())
      handOver(link, options.onLink)
    } catch {
      // Whoever fails the hello is told by the CLOSE frame; here nothing came of it.
      place?.free()
    } finally {
      this.#pending.delete(connection)
    }
  }

  #dropOldestPending(): void {
    const max = this.#options.maxPendingHellos ?? MAX_PENDING_HELLOS
    for (const connection of this.#pending) {
      if (this.#pending.size <= max) return
      this.#pending.delete(connection)
      connection.close('local')
    }
  }

  #track(link: Link): Link {
    this.#links.add(link)
    void link.closed.then(() => this.#links.delete(link))
    return link
  }

  #carrierFor(endpoint: string): KeyedCarrier {
    const carrier = this.#options.carriers.find(({ schemes }) => schemes.some((scheme) => endpoint.startsWith(scheme)))
    if (carrier === undefined) {
      throw new TalosError('NETWORK_ENDPOINT_INVALID', { reason: 'no carrier here knows its scheme' })
    }
    return carrier
  }
}

function handOver(link: Link, onLink: (link: Link) => void): void {
  try {
    onLink(link)
  } catch {
    void link.close()
  }
}

interface Place {
  free(): void
}

/** Places for inbound links, taken when a DID is proven and freed when its link ends. */
class InboundPlaces {
  readonly #limits: { readonly maxLinks: number; readonly maxPerDid: number }
  readonly #perDid = new Map<Did, number>()
  #taken = 0

  constructor(limits: { readonly maxLinks: number; readonly maxPerDid: number }) {
    this.#limits = limits
  }

  take(did: Did): Place | undefined {
    const ofDid = this.#perDid.get(did) ?? 0
    if (this.#taken >= this.#limits.maxLinks || ofDid >= this.#limits.maxPerDid) return undefined
    this.#taken += 1
    this.#perDid.set(did, ofDid + 1)
    let isTaken = true
    return {
      free: () => {
        if (!isTaken) return
        isTaken = false
        this.#free(did)
      },
    }
  }

  #free(did: Did): void {
    this.#taken -= 1
    const left = (this.#perDid.get(did) ?? 1) - 1
    if (left === 0) this.#perDid.delete(did)
    else this.#perDid.set(did, left)
  }
}
