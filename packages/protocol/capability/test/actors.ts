/** Agents with seeded keys, counting nonces, and views in memory: what every test here starts from. */
import { type Cid, Secret, toHex } from '@talos/bytes'
import {
  type AuthorizeOptions,
  authorize,
  type ChannelVerdict,
  type DelegateOptions,
  type DenialCause,
  delegate,
  type InvokeOptions,
  invoke,
  type ReplayView,
  type RevocationView,
  type Verdict,
} from '@talos/capability'
import type { Did } from '@talos/contracts'
import { ed25519Signer, type SignedEnvelope, type Signer } from '@talos/identity'
import { loadKernel } from '@talos/kernel'

export const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
export const NOW_S = 1_767_225_600

/** A signer with the seed `byte` repeated. */
export function actor(byte: number): Signer {
  return ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
}

export const owner = actor(1)
export const alice = actor(2)
export const bob = actor(3)
export const mallory = actor(66)

let nonces = 0
export function nonce(): Uint8Array {
  nonces += 1
  const bytes = new Uint8Array(12)
  new DataView(bytes.buffer).setUint32(8, nonces)
  return bytes
}

/** Whether each test remembers what it used: unbounded, or with so many places. */
export function memoryReplay(
  places = Number.POSITIVE_INFINITY,
): ReplayView & { readonly used: ReadonlyMap<string, number> } {
  const used = new Map<string, number>()
  return {
    used,
    remember(cid, _issuer, expiresS) {
      const name = cid.toString()
      if (used.has(name)) return 'seen'
      if (used.size >= places) return 'full'
      used.set(name, expiresS)
      return 'new'
    },
  }
}

/** Revocations as a store keeps them: by whom, asked with who is entitled. */
export function memoryRevocations(...revoked: readonly { readonly cid: Cid; readonly by: Did }[]): RevocationView {
  return {
    stateOf({ names, entitled }) {
      const found = revoked.find((entry) => names.includes(entry.cid.toString()) && entitled.includes(entry.by))
      return found === undefined ? { revoked: false } : { revoked: true, by: found.by, atS: NOW_S - 1 }
    },
    knownAtS: () => NOW_S,
  }
}

export const COMMAND = '/mcp/git/tool/git_log'

/** A grant by the owner to Alice for {@link COMMAND}, changed as told. */
export function grant(changes: Partial<DelegateOptions> = {}): Promise<SignedEnvelope> {
  return delegate({
    signer: owner,
    audience: alice.did,
    subject: owner.did,
    command: COMMAND,
    expiresS: NOW_S + 3600,
    nonce: nonce(),
    ...changes,
  })
}

/** A call by Alice to the owner, changed as told. */
export function call(proofs: readonly SignedEnvelope[], changes: Partial<InvokeOptions> = {}): Promise<SignedEnvelope> {
  return invoke({
    signer: alice,
    audience: owner.did,
    subject: owner.did,
    command: COMMAND,
    args: {},
    proofs: proofs.map(({ cid }) => cid),
    nonce: nonce(),
    issuedAtS: NOW_S,
    ...changes,
  })
}

/** The owner decides, with nothing revoked and nothing used. */
export function decide(
  invocation: SignedEnvelope,
  proofs: readonly SignedEnvelope[],
  changes: Partial<AuthorizeOptions> = {},
): Verdict {
  return authorize({
    invocation: invocation.bytes,
    proofs: proofs.map(({ bytes }) => bytes),
    executor: owner.did,
    nowS: NOW_S,
    kernel,
    revocations: memoryRevocations(),
    replay: memoryReplay(),
    ...changes,
  })
}

/** `allow`, or the codes of the denial from the root down. */
export function codesOf(verdict: Verdict | ChannelVerdict): readonly string[] {
  if (verdict.outcome === 'allow') return ['allow']
  const codes: string[] = []
  let cause: DenialCause | undefined = verdict.cause
  while (cause !== undefined) {
    codes.push(cause.code)
    cause = cause.causes.at(0)
  }
  return codes
}

/** The last of {@link codesOf}. */
export function leafCode(verdict: Verdict | ChannelVerdict): string {
  return String(codesOf(verdict).at(-1))
}

export function hex(bytes: Uint8Array): string {
  return toHex(bytes)
}
