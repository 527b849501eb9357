import { macOf } from './capability-call.ts'
import { type Agent, agent, cbor, linkText, linkTo, type Token, token, type Value } from './capability-tokens.ts'

export const NOW = 1_767_225_600
export const COMMAND = '/mcp/git/tool/git_log'
const EPOCH = Buffer.alloc(16, 7)
export const EARLIER = Buffer.alloc(16, 8)

export const owner = agent(1)
export const alice = agent(2)
export const bob = agent(3)
export const carol = agent(4)

export type Payload = { readonly [name: string]: Value }
export type Level = 'channel' | 'mac' | 'signature'

let counter = 0

/** Begins the nonces anew, so that the same cases have the same bytes. */
export function resetNonces(): void {
  counter = 0
}

export function nonce(): Buffer {
  counter += 1
  const bytes = Buffer.alloc(12, 1)
  bytes.writeUInt32BE(counter, 8)
  return bytes
}

/** A `talos/cap@1` of the owner to Alice, good for calls by channel. */
export function grant(changes: Payload = {}, issuer = owner): Token {
  return token(issuer, 'talos/cap@1', {
    aud: alice.did,
    sub: owner.did,
    cmd: COMMAND,
    pol: [],
    nonce: nonce(),
    exp: NOW + 3_600,
    depth: 0,
    need: 'channel',
    rules: [],
    ...changes,
  })
}

export interface Made {
  readonly proof: { readonly [name: string]: string }
  readonly cid: string
}

/** A call by Alice to the owner; its nonce begins with the current epoch. */
export function made(level: Level, proofs: readonly Token[], changes: Payload = {}, by: Agent = alice): Made {
  const payload = {
    aud: owner.did,
    sub: owner.did,
    cmd: COMMAND,
    args: {},
    prf: proofs.map(({ link }) => link),
    nonce: Buffer.concat([EPOCH, nonce()]),
    iat: NOW,
    exp: NOW + 30,
    ...changes,
  }
  if (level === 'signature') {
    const { bytes, link } = token(by, 'ucan/inv@1.0.0', payload)
    return { proof: { level, invocationHex: bytes.toString('hex') }, cid: linkText(link) }
  }
  const call = cbor({ iss: by.did, ...payload })
  const bare = { level, callHex: call.toString('hex'), holder: by.did }
  const proof = level === 'channel' ? bare : { ...bare, keyHex: '09'.repeat(32), macHex: macOf(call).toString('hex') }
  return { proof, cid: linkText(linkTo(call)) }
}

export interface Scene {
  readonly clause?: string
  readonly call: Made
  readonly proofs: readonly Token[]
  /** Further members of the input. */
  readonly input?: object
}

export const TOOL = { proof: 'channel', effect: 'write', risk: 'normal' }

function inputOf({ call, proofs, input = {} }: Scene): object {
  return {
    proof: call.proof,
    proofsHex: proofs.map(({ bytes }) => bytes.toString('hex')),
    executor: owner.did,
    nowMs: NOW * 1_000,
    bytes: 100,
    epochHex: EPOCH.toString('hex'),
    earlier: [{ epochHex: EARLIER.toString('hex'), endedS: NOW - 1 }],
    tool: TOOL,
    ...input,
  }
}

export function allows(description: string, scene: Scene, expected: object = {}): object {
  const level = scene.call.proof['level']
  const said = { outcome: 'allow', call: scene.call.cid, links: scene.proofs.length, level, revocation: 'fresh' }
  return {
    clause: scene.clause ?? '8.5',
    description,
    valid: true,
    input: inputOf(scene),
    expected: { ...said, ...expected },
  }
}

export function refers(description: string, scene: Scene, expected: object): object {
  const said = { outcome: 'refer', call: scene.call.cid, ...expected }
  return { clause: scene.clause ?? '8.5', description, valid: true, input: inputOf(scene), expected: said }
}

/** `codes`: from the first cause below CAPABILITY_DENIED down. */
export function refuses(codes: readonly [string, ...string[]], description: string, scene: Scene): object {
  const { clause = '8.5' } = scene
  return { clause, description, valid: false, input: inputOf(scene), error: codes[0], codes }
}
