/**
 * The key that pays for anchors: secp256k1, made for this and used for nothing else. viem takes it as text, which JavaScript
 * cannot erase: while an agent anchors, its memory holds the key.
 */
import { fromHex, fromUtf8, Secret, toHex } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { Random } from '@talos/ports'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

const KEY_BYTES = 32

/** A fresh key. Of 2^256 numbers, 2^128 are no key: nobody meets one. */
export function makeAnchorKey(random: Random): Secret {
  return Secret.random(random, KEY_BYTES)
}

/**
 * Reads a key from text: 64 hexadecimal digits, with or without 0x, white space around them.
 *
 * @throws TalosError `ANCHOR_KEY_INVALID`
 */
export function readAnchorKey(text: Uint8Array): Secret {
  try {
    const digits = fromUtf8(text).trim().replace(/^0x/, '').toLowerCase()
    const key = Secret.of(fromHex(digits))
    addressOfKey(key)
    return key
  } catch {
    // The cause would quote the key.
    throw new TalosError('ANCHOR_KEY_INVALID', { reason: 'it is not 64 hexadecimal digits of a secp256k1 key' })
  }
}

/** The address of a key, in lower-case hexadecimal with 0x before it. */
export function addressOfKey(key: Secret): string {
  return accountOf(key).address.toLowerCase()
}

export function accountOf(key: Secret): PrivateKeyAccount {
  return key.use((bytes) => privateKeyToAccount(`0x${toHex(bytes)}`))
}
