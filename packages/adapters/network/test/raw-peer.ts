/** A peer that writes frames by hand, as a hostile or broken implementation would. */
import { utf8 } from '@talos/bytes'
import { encodeLinkContent, encodeLinkFrame, encodeLinkHello } from '@talos/contracts'
import { type LinkRole, type Signer, signTransportBinding } from '@talos/identity'
import { type Link, openLink } from '@talos/network'
import type { CarrierConnection } from '@talos/ports'
import { BOB_KEY, bob, connectionPair, dialerOptions, pause } from './fixtures.ts'

export const HELLO = 1
export const MESSAGE = 2
export const REQUEST = 3
export const RESPONSE = 4
export const CREDIT = 5
export const PING = 6
export const PONG = 7
export const CLOSE = 8
export const FIRST = 1
export const LAST = 2

export interface RawFrame {
  readonly type: number
  readonly flags?: number
  readonly stream?: number
  readonly payload?: Uint8Array
}

export function frame({ type, flags = 0, stream = 0, payload = new Uint8Array() }: RawFrame): Uint8Array {
  return joined(encodeLinkFrame({ type, flags, stream, lengthBytes: payload.length }), payload)
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** The payload of a first frame: the head of content and its beginning. */
export function content(kind: number, announcedBytes: number, begin: Uint8Array = new Uint8Array()): Uint8Array {
  return joined(encodeLinkContent({ kind, lengthBytes: announcedBytes }), begin)
}

export interface HelloParts {
  readonly role: LinkRole
  readonly signer: Signer
  readonly channelBinding: Uint8Array
  readonly transportKey: Uint8Array
  /** Claimed; the signer's own unless given. */
  readonly did?: string
  readonly maxMessageBytes?: number
  readonly windowBytes?: number
}

export async function hello(parts: HelloParts): Promise<Uint8Array> {
  const signature = await signTransportBinding(parts)
  const { maxMessageBytes = 1_048_576, windowBytes = 2_097_152, did = parts.signer.did } = parts
  return frame({ type: HELLO, payload: encodeLinkHello({ maxMessageBytes, windowBytes, did: utf8(did), signature }) })
}

/** Bob's hello as he would say it on that connection. */
export function bobsHello(far: CarrierConnection, changes: Partial<HelloParts> = {}): Promise<Uint8Array> {
  const { channelBinding } = far
  return hello({ role: 'listener', signer: bob, channelBinding, transportKey: BOB_KEY, ...changes })
}

/** Collects what arrives until the end. */
export function collect(connection: CarrierConnection): {
  readonly bytes: () => Uint8Array
  readonly ended: Promise<void>
} {
  const chunks: Uint8Array[] = []
  const ended = (async () => {
    for await (const chunk of connection.incoming) chunks.push(chunk.slice())
  })().catch(() => undefined)
  return { bytes: () => joined(...chunks), ended }
}

/** Alice's link to a hand-written Bob. */
export async function linkToRaw(settings: Partial<Parameters<typeof openLink>[0]> = {}): Promise<{
  readonly link: Link
  readonly raw: CarrierConnection
  readonly heard: ReturnType<typeof collect>
}> {
  const { near, far } = await connectionPair()
  const heard = collect(far)
  const opening = openLink({ ...dialerOptions(near), ...settings })
  await far.write(await bobsHello(far))
  const link = await opening
  await pause(0)
  return { link, raw: far, heard }
}
