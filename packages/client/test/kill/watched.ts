/** Sees every sealed message that leaves a process: the kernel tells what was sealed, the carrier what is written. */
import { createHash } from 'node:crypto'
import { decodeFirstFlight, decodeSessionMessage } from '@talos/contracts'
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Kernel, loadKernel, RATCHET_COMMITMENT_BYTES } from '@talos/kernel'
import { type KeyedCarrier, tlsCarrier } from '@talos/network'
import type { CarrierConnection } from '@talos/ports'
import { routeOf } from '@talos/session'

/** Sealed messages that are looked for in what is written; each leaves soon after it was sealed, or at the next start. */
const MAX_LOOKED_FOR = 512

export interface Watched {
  readonly kernel: Kernel
  readonly carriers: (transportSeed: Uint8Array) => readonly KeyedCarrier[]
  /** Looks for a message too that an earlier process sealed. */
  remember(message: Uint8Array): void
}

/** @param onLeave told of a message before its bytes are handed to the system */
export function watched(onLeave: (commitment: string, hash: string) => void): Watched {
  const sealed = new Map<string, { readonly commitment: Uint8Array; readonly message: Uint8Array }>()
  const base = loadKernel()
  const look = (commitment: Uint8Array, message: Uint8Array) => {
    sealed.set(hex(commitment), { commitment, message })
    const [oldest] = sealed.keys()
    if (sealed.size > MAX_LOOKED_FOR && oldest !== undefined) sealed.delete(oldest)
  }
  const kernel: Kernel = {
    ...base,
    ratchetSeal: (input) => {
      const result = base.ratchetSeal(input)
      const at = input.prefix.length + AEAD_NONCE_BYTES + input.header.length + AEAD_TAG_BYTES
      look(result.message.slice(at, at + RATCHET_COMMITMENT_BYTES), result.message.slice())
      return result
    },
  }
  const onWrite = (bytes: Uint8Array) => {
    const written = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const { commitment, message } of sealed.values()) {
      if (written.indexOf(commitment) >= 0) onLeave(hex(commitment), createHash('sha256').update(message).digest('hex'))
    }
  }
  return {
    kernel,
    remember: (message) => look(commitmentOf(message), message.slice()),
    carriers: (transportSeed) => [watchedCarrier(tlsCarrier({ kernel: base, transportSeed }), onWrite)],
  }
}

function watchedCarrier(carrier: KeyedCarrier, onWrite: (bytes: Uint8Array) => void): KeyedCarrier {
  return {
    name: carrier.name,
    schemes: carrier.schemes,
    transportKey: carrier.transportKey,
    dial: async (endpoint, options) => watchedConnection(await carrier.dial(endpoint, options), onWrite),
    listen: async (endpoint, options) =>
      await carrier.listen(endpoint, {
        ...options,
        onConnection: (connection) => options.onConnection(watchedConnection(connection, onWrite)),
      }),
  }
}

function watchedConnection(connection: CarrierConnection, onWrite: (bytes: Uint8Array) => void): CarrierConnection {
  return {
    carrier: connection.carrier,
    remoteTransportKey: connection.remoteTransportKey,
    channelBinding: connection.channelBinding,
    remoteAddress: connection.remoteAddress,
    incoming: connection.incoming,
    closed: connection.closed,
    end: async () => await connection.end(),
    close: (reason) => connection.close(reason),
    write: async (bytes) => {
      onWrite(bytes)
      await connection.write(bytes)
    },
  }
}

function commitmentOf(message: Uint8Array): Uint8Array {
  const isFlight = routeOf(message).kind === 'first-flight'
  return isFlight ? decodeFirstFlight(message).commitment : decodeSessionMessage(message).commitment
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
