/**
 * The memory carrier: connections inside one process, for tests and simulation.
 *
 * Nothing is proven here: a carrier claims the key that it was made with, which is why both ends must share one
 * `MemoryNetwork` object. Order, half-close, backpressure and close reasons are those of the port.
 */
import { equalBytes } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type {
  Carrier,
  CarrierConnection,
  CarrierDialOptions,
  CarrierListener,
  CarrierListenOptions,
  CloseReason,
} from '@talos/ports'
import { CHANNEL_BINDING_BYTES, DEFAULT_MAX_CONNECTIONS } from '../limits.ts'
import { Pipe } from './pipe.ts'

const SCHEME = 'memory:'
const ENDPOINT = /^memory:\/\/([a-z0-9.-]{1,64})$/
const NETWORK_OFFSET = CHANNEL_BINDING_BYTES - 8
const COUNTER_OFFSET = CHANNEL_BINDING_BYTES - 4

/** Networks of this process, so that no binding of one occurs in another. */
let networkCount = 0

export interface MemoryCarrierOptions {
  readonly network: MemoryNetwork
  /** 32 bytes, claimed towards every peer of the same network. */
  readonly transportKey: Uint8Array
}

interface Listening {
  readonly transportKey: Uint8Array
  readonly accept: (connection: CarrierConnection) => boolean
}

/** The wires between memory carriers. */
export class MemoryNetwork {
  readonly #listeners = new Map<string, Listening>()
  readonly #open = new Set<MemoryConnection>()
  readonly #number: number
  #counter = 0

  constructor() {
    networkCount += 1
    this.#number = networkCount
  }

  /** Cuts every connection, as the death of a machine would: both ends see a reset. */
  sever(): void {
    for (const connection of this.#open) connection.close('reset')
  }

  /** @internal */
  add(name: string, listening: Listening): () => void {
    if (this.#listeners.has(name)) {
      throw new TalosError('NETWORK_LISTEN_FAILED', { endpoint: `memory://${name}`, reason: 'the name is in use' })
    }
    this.#listeners.set(name, listening)
    return () => this.#listeners.delete(name)
  }

  /** @internal A free name for an endpoint that leaves the choice to the network. */
  freeName(): string {
    this.#counter += 1
    return `auto-${this.#counter}`
  }

  /** @internal */
  connect(endpoint: string, dialer: Uint8Array, pinned: Uint8Array): CarrierConnection {
    const listening = this.#listeners.get(nameOf(endpoint))
    if (listening === undefined) throw new TalosError('NETWORK_UNREACHABLE', { endpoint, reason: 'nobody listens' })
    if (!equalBytes(listening.transportKey, pinned)) throw new TalosError('NETWORK_KEY_MISMATCH', { endpoint })
    const [there, back] = [new Pipe(), new Pipe()]
    const channelBinding = this.#nextBinding()
    const near = new MemoryConnection({ out: there, in: back, remoteTransportKey: pinned.slice(), channelBinding })
    const far = new MemoryConnection({ out: back, in: there, remoteTransportKey: dialer.slice(), channelBinding })
    joinEnds(near, far)
    for (const connection of [near, far]) {
      this.#open.add(connection)
      void connection.closed.then(() => this.#open.delete(connection))
    }
    if (!listening.accept(far)) near.close('reset')
    return near
  }

  /** Unique per connection in this process: all that a binding between parts of one process can mean. */
  #nextBinding(): Uint8Array {
    this.#counter += 1
    const binding = new Uint8Array(CHANNEL_BINDING_BYTES)
    const view = new DataView(binding.buffer)
    view.setUint32(NETWORK_OFFSET, this.#number)
    view.setUint32(COUNTER_OFFSET, this.#counter)
    return binding
  }
}

/** A carrier for `memory://name` endpoints; `memory://any` listens on a name of the network's choice. */
export function memoryCarrier({
  network,
  transportKey,
}: MemoryCarrierOptions): Carrier & { readonly transportKey: Uint8Array } {
  return {
    name: 'memory',
    schemes: [SCHEME],
    transportKey,
    listen: async (endpoint, options) => listen(network, transportKey, { ...options, endpoint }),
    dial: async (endpoint, options) => dial(network, transportKey, { ...options, endpoint }),
  }
}

function nameOf(endpoint: string): string {
  const name = ENDPOINT.exec(endpoint)?.[1]
  if (name === undefined) throw new TalosError('NETWORK_ENDPOINT_INVALID', { reason: 'it is not memory://name' })
  return name
}

function dial(
  network: MemoryNetwork,
  transportKey: Uint8Array,
  options: CarrierDialOptions & { readonly endpoint: string },
): CarrierConnection {
  if (options.signal?.aborted === true) throw new TalosError('NETWORK_ABORTED', { step: 'dialling' })
  return network.connect(options.endpoint, transportKey, options.remoteTransportKey)
}

function listen(
  network: MemoryNetwork,
  transportKey: Uint8Array,
  options: CarrierListenOptions & { readonly endpoint: string },
): CarrierListener {
  const { onConnection, maxConnections = DEFAULT_MAX_CONNECTIONS } = options
  const asked = nameOf(options.endpoint)
  const name = asked === 'any' ? network.freeName() : asked
  const open = new Set<CarrierConnection>()
  const accept = (connection: CarrierConnection): boolean => {
    if (open.size >= maxConnections) return false
    open.add(connection)
    void connection.closed.then(() => open.delete(connection))
    // As on a real wire, the listener learns of the connection after the dialer's call has returned.
    queueMicrotask(() => onConnection(connection))
    return true
  }
  const remove = network.add(name, { transportKey, accept })
  return {
    endpoints: [`memory://${name}`],
    close: async () => {
      remove()
      for (const connection of open) connection.close()
    },
  }
}

interface MemoryConnectionParts {
  readonly out: Pipe
  readonly in: Pipe
  readonly remoteTransportKey: Uint8Array
  readonly channelBinding: Uint8Array
}

class MemoryConnection implements CarrierConnection {
  readonly carrier = 'memory'
  readonly remoteTransportKey: Uint8Array
  readonly channelBinding: Uint8Array
  readonly remoteAddress = 'memory'
  readonly closed: Promise<CloseReason>
  /** What the other end does when this one closes. */
  onClose: (reason: CloseReason) => void = () => undefined
  readonly #out: Pipe
  readonly #in: Pipe
  #settleClosed: (reason: CloseReason) => void = () => undefined
  #finished = false
  #firstToEnd: CloseReason | undefined
  #localEnded = false
  #remoteEnded = false

  constructor(parts: MemoryConnectionParts) {
    this.remoteTransportKey = parts.remoteTransportKey
    this.channelBinding = parts.channelBinding
    this.#out = parts.out
    this.#in = parts.in
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve
    })
    this.#in.onDrained = () => {
      this.#remoteEnded = true
      this.#firstToEnd ??= 'remote'
      this.#finishWhenEnded()
    }
  }

  get incoming(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#read() }
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#out.write(bytes)
  }

  async end(): Promise<void> {
    if (this.#localEnded) return
    this.#localEnded = true
    this.#firstToEnd ??= 'local'
    this.#out.end()
    this.#finishWhenEnded()
  }

  close(reason: CloseReason = 'local'): void {
    if (this.#finished) return
    this.#finish(reason)
    this.#out.break({ writer: reason, reader: 'reset' })
    this.#in.break({ writer: 'reset', reader: reason })
    const { onClose } = this
    this.onClose = () => undefined
    onClose(reason)
  }

  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* this.#in.read()
    } finally {
      if (!this.#remoteEnded) this.close()
    }
  }

  #finish(reason: CloseReason): void {
    this.#finished = true
    this.#settleClosed(reason)
  }

  #finishWhenEnded(): void {
    if (this.#localEnded && this.#remoteEnded) this.#finish(this.#firstToEnd ?? 'reset')
  }
}

/** A close without an announced end reaches the other side as a reset, whatever its reason here. */
function joinEnds(near: MemoryConnection, far: MemoryConnection): void {
  near.onClose = () => far.close('reset')
  far.onClose = () => near.close('reset')
}
