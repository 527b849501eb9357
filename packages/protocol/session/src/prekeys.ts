/**
 * Making prekeys (spec 05-prekeys-handshake 5.2, 5.3, 5.9).
 *
 * One signed envelope certifies the X25519 identity key, a signed X25519 prekey, a signed ML-KEM-768 prekey and the root
 * over the one-time pairs. Secrets of one-time pairs are separate values, so that using a pair can delete it in the same
 * transaction that stores the session. Left out: where they are stored, and how often one requester is served.
 */
import { type IpldValue, Secret } from '@talos/bytes'
import { PREKEY_BUNDLE_TAG, type PrekeyBundle, parsePrekeyBundle } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { type Signer, signEnvelope } from '@talos/identity'
import { type Kernel, MLKEM768_SEED_BYTES, X25519_KEY_BYTES } from '@talos/kernel'
import type { Random } from '@talos/ports'
import {
  DEFAULT_ONE_TIME_PREKEYS,
  MAX_ONE_TIME_PREKEYS,
  PREKEY_BACKDATE_S,
  PREKEY_LIFETIME_S,
  PREKEY_REFILL_SHARE,
  PREKEY_ROTATION_S,
  SESSION_SUITE,
} from './constants.ts'
import { oneTimeTree, type PublishedOneTime } from './one-time-tree.ts'
import { ONE_TIME_SECRET_BYTES, PrekeySecrets, useOneTimeSecret } from './prekey-secrets.ts'

export interface CreatePrekeysInput {
  readonly kernel: Kernel
  readonly random: Random
  readonly signer: Signer
  /** Name of this instance: 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit. */
  readonly instance: string
  /** 32-byte X25519 identity secret of this instance. */
  readonly sessionKey: Secret
  readonly nowMs: number
  /** Larger than that of every bundle that this instance published before. */
  readonly serial: number
  /** 0 to {@link MAX_ONE_TIME_PREKEYS}; {@link DEFAULT_ONE_TIME_PREKEYS} unless given. */
  readonly oneTimeCount?: number
}

export interface OneTimePrekey {
  /** What is served, with its path. */
  readonly published: PublishedOneTime
  /** {@link ONE_TIME_SECRET_BYTES}; delete it when `respond` reports the pair used. */
  readonly secret: Secret
}

export interface CreatedPrekeys {
  /** The signed envelope. */
  readonly bundle: Uint8Array
  readonly payload: PrekeyBundle
  readonly secrets: PrekeySecrets
  /** In the order of their indexes. */
  readonly oneTime: readonly OneTimePrekey[]
}

/**
 * Makes a bundle with its secrets. Draws, in this order: signed prekey (32), signed ML-KEM seed (64), then 96 bytes for
 * each one-time pair.
 *
 * @throws TalosError `SESSION_ARGUMENT`, `SIGNER_FAILED`
 */
export async function createPrekeys(input: CreatePrekeysInput): Promise<CreatedPrekeys> {
  const { kernel, random, signer, nowMs, serial, oneTimeCount = DEFAULT_ONE_TIME_PREKEYS } = input
  if (!Number.isInteger(oneTimeCount) || oneTimeCount < 0 || oneTimeCount > MAX_ONE_TIME_PREKEYS) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'oneTimeCount', reason: `it is not 0 to ${MAX_ONE_TIME_PREKEYS}` })
  }
  const nowS = Math.floor(nowMs / 1000)
  const validity = { nbf: Math.max(0, nowS - PREKEY_BACKDATE_S), exp: nowS + PREKEY_LIFETIME_S }
  const spkSecret = random.bytes(X25519_KEY_BYTES)
  const pqspkSeed = random.bytes(MLKEM768_SEED_BYTES)
  const pairs = makePairs(kernel, { random, count: oneTimeCount })
  const id = serial % 2 ** 32
  const payload = checkPayload({
    iss: signer.did,
    suite: SESSION_SUITE,
    instance: input.instance,
    ik: input.sessionKey.use((secret) => kernel.x25519PublicKey(secret)),
    spk: { id, pub: kernel.x25519PublicKey(spkSecret), ...validity },
    pqspk: { id, pub: kernel.mlkem768EncapsulationKey(pqspkSeed), ...validity },
    otkRoot: pairs.root,
    otkCount: oneTimeCount,
    serial,
  })
  const { bytes: bundle } = await signEnvelope({ tag: PREKEY_BUNDLE_TAG, payload: payload as unknown as Ipld, signer })
  const record = {
    version: 1,
    bundleHash: kernel.sha256(bundle),
    serial,
    spkId: id,
    spkSecret,
    pqspkId: id,
    pqspkSeed,
  } as const
  return { bundle, payload, secrets: new PrekeySecrets({ ...record, ...validity }), oneTime: pairs.oneTime }
}

type Ipld = { readonly [member: string]: IpldValue }

export interface PrekeysDueInput {
  /** The bundle that is being served. */
  readonly payload: PrekeyBundle
  /** One-time pairs of it that were not served yet. */
  readonly remaining: number
  readonly nowMs: number
}

/** Whether a new bundle is due: the signed prekeys reached their rotation age, or few one-time pairs are left. */
export function prekeysDue({ payload, remaining, nowMs }: PrekeysDueInput): boolean {
  const rotationS = payload.spk.exp - PREKEY_LIFETIME_S + PREKEY_ROTATION_S
  return nowMs >= rotationS * 1000 || remaining < payload.otkCount * PREKEY_REFILL_SHARE
}

function makePairs(
  kernel: Kernel,
  { random, count }: { readonly random: Random; readonly count: number },
): { readonly root: Uint8Array; readonly oneTime: readonly OneTimePrekey[] } {
  const pairs = Array.from({ length: count }, (_, index) => {
    const secret = Secret.random(random, ONE_TIME_SECRET_BYTES)
    const publicHalf = useOneTimeSecret(secret, ({ x25519, seed }) => ({
      x25519: kernel.x25519PublicKey(x25519),
      mlkem: kernel.mlkem768EncapsulationKey(seed),
    }))
    return { secret, index, ...publicHalf }
  })
  const tree = oneTimeTree(kernel, pairs)
  return { root: tree.root, oneTime: tree.published.map(({ secret, ...published }) => ({ published, secret })) }
}

function checkPayload(payload: unknown): PrekeyBundle {
  try {
    return parsePrekeyBundle(payload)
  } catch (cause) {
    throw new TalosError('SESSION_ARGUMENT', { name: 'the bundle', reason: 'its instance or serial' }, { cause })
  }
}
