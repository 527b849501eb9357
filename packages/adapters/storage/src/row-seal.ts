/**
 * Seals what is secret in a row, so that the file alone, a backup or a swapped page gives nothing away.
 *
 *     table key = HKDF-SHA256(ikm = storage key, salt = empty, info = "talos/row/1/" || table), 32 bytes
 *     sealed    = nonce (12, random) || ChaCha20-Poly1305(table key, nonce, plaintext, AD)
 *     AD        = "talos/row/1\0" || u16 length || table || u16 length || row key || u64 version
 *
 * A sealed value opens only in its table, under its key, at its version. Left out: an attacker who restores a whole older
 * file; the checkpoint kept in a second place and the peers notice that.
 */
import { ByteWriter, concatBytes, type Secret, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, type Kernel } from '@talos/kernel'
import type { Random } from '@talos/ports'
import { requireSize } from './rows.ts'

const DOMAIN = 'talos/row/1'

/** Where a sealed value stands. */
interface RowPlace {
  readonly table: string
  /** The row's primary key as text. */
  readonly key: string
  /** Number of the row's version; 1 where a row never changes. */
  readonly version: number
}

export interface RowSealer {
  /** @throws TalosError `INPUT_TOO_LARGE`, `STORE_KEY_MISSING` */
  seal(place: RowPlace, plaintext: Uint8Array): Uint8Array
  /** @throws TalosError `STORE_ROW_INVALID`, `STORE_KEY_MISSING` */
  open(place: RowPlace, sealed: Uint8Array): Uint8Array
  /** Forgets the keys. */
  dispose(): void
}

/** A sealer for the agent's storage key (32 bytes). */
export function rowSealer(options: {
  readonly storageKey: Secret
  readonly kernel: Kernel
  readonly random: Random
}): RowSealer {
  const { storageKey, kernel, random } = options
  const keys = new Map<string, Uint8Array>()
  const keyOf = (table: string): Uint8Array => {
    const known = keys.get(table)
    if (known !== undefined) return known
    const key = tableKey({ table, storageKey, kernel })
    keys.set(table, key)
    return key
  }
  return {
    seal(place, plaintext) {
      const nonce = random.bytes(AEAD_NONCE_BYTES)
      const ciphertext = kernel.aeadSeal(
        { key: keyOf(place.table), nonce, associatedData: placeBytes(place) },
        requireSize(plaintext),
      )
      return concatBytes(nonce, ciphertext)
    },
    open(place, sealed) {
      const nonce = sealed.subarray(0, AEAD_NONCE_BYTES)
      const ciphertext = sealed.subarray(AEAD_NONCE_BYTES)
      try {
        return kernel.aeadOpen({ key: keyOf(place.table), nonce, associatedData: placeBytes(place) }, ciphertext)
      } catch (cause) {
        throw new TalosError('STORE_ROW_INVALID', { table: place.table }, { cause })
      }
    },
    dispose() {
      for (const key of keys.values()) key.fill(0)
      keys.clear()
    },
  }
}

/** Stands in for a sealer where the database was opened without the storage key. */
export const NO_SEALER: RowSealer = {
  seal({ table }) {
    throw new TalosError('STORE_KEY_MISSING', { table })
  },
  open({ table }) {
    throw new TalosError('STORE_KEY_MISSING', { table })
  },
  dispose() {},
}

function tableKey(options: { readonly table: string; readonly storageKey: Secret; readonly kernel: Kernel }) {
  const { table, storageKey, kernel } = options
  return storageKey.use((ikm) =>
    kernel.hkdfSha256({ ikm, salt: new Uint8Array(), info: utf8(`${DOMAIN}/${table}`), lengthBytes: AEAD_KEY_BYTES }),
  )
}

function placeBytes({ table, key, version }: RowPlace): Uint8Array {
  const tableBytes = utf8(table)
  const keyBytes = utf8(key)
  const writer = new ByteWriter().bytes(utf8(`${DOMAIN}\0`))
  writer.u16(tableBytes.length).bytes(tableBytes)
  writer.u16(keyBytes.length).bytes(keyBytes)
  return writer.u64(version).finish()
}
