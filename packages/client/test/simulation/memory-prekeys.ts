/** Prekey bundles and their one-time pairs in memory, with the semantics of `PrekeyStore`. */
import { toHex } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import type { NewPrekeys, OneTimeKeyName, StoredBundle } from '@talos/storage'
import type { Table, Transaction } from './table.ts'

interface OneTimeRow {
  readonly serial: number
  readonly index: number
  readonly published: Uint8Array
  readonly secret: Uint8Array
  readonly isServed: boolean
}

type BundleRow = StoredBundle & { readonly secrets: Uint8Array }

export class MemoryPrekeys {
  readonly #transaction: Transaction
  readonly #bundles: Table<BundleRow>
  readonly #oneTime: Table<OneTimeRow>
  readonly #flights: Table<number>
  readonly #serial: Table<number>

  readonly #onChange: () => void

  constructor(parts: {
    readonly transaction: Transaction
    readonly onChange: () => void
    readonly bundles: Table<BundleRow>
    readonly oneTime: Table<OneTimeRow>
    readonly flights: Table<number>
    readonly serial: Table<number>
  }) {
    this.#transaction = parts.transaction
    this.#onChange = parts.onChange
    this.#bundles = parts.bundles
    this.#oneTime = parts.oneTime
    this.#flights = parts.flights
    this.#serial = parts.serial
  }

  put({ serial, bundleHash, bundle, secrets, oneTime, nowMs, keepUntilMs }: NewPrekeys): void {
    this.#transaction(() => {
      if (serial < this.nextSerial()) throw new TalosError('STORE_CONFLICT', { what: 'the prekey bundle' })
      this.#onChange()
      const row = { serial, bundleHash, bundle, secrets: secrets.slice(), createdMs: nowMs, keepUntilMs }
      this.#bundles.put(toHex(bundleHash), row)
      this.#serial.put('highest', serial)
      for (const { index, published, secret } of oneTime) {
        this.#oneTime.put(`${serial}/${index}`, { serial, index, published, secret: secret.slice(), isServed: false })
      }
    })
  }

  nextSerial(): number {
    return (this.#serial.get('highest') ?? 0) + 1
  }

  latest(): StoredBundle | undefined {
    return this.list()[0]
  }

  list(): StoredBundle[] {
    const rows = this.#bundles.values().sort((one, other) => other.serial - one.serial)
    return rows.map(({ secrets: _sealed, ...bundle }) => bundle)
  }

  secrets(bundleHash: Uint8Array): Uint8Array | undefined {
    return this.#bundles.get(toHex(bundleHash))?.secrets.slice()
  }

  serveOneTime(): { readonly serial: number; readonly index: number; readonly published: Uint8Array } | undefined {
    return this.#transaction(() => {
      const [row] = this.#unserved()
      if (row === undefined) return undefined
      this.#onChange()
      const { serial, index, published } = row
      this.#oneTime.put(`${serial}/${index}`, { ...row, isServed: true })
      return { serial, index, published }
    })
  }

  /** None of the one-time pairs that are there is handed out any more. */
  withdraw(): void {
    this.#transaction(() => {
      for (const key of this.#oneTime.keys()) {
        const row = this.#oneTime.get(key)
        if (row?.isServed === false) this.#oneTime.put(key, { ...row, isServed: true })
      }
      for (const row of this.#bundles.values()) this.#bundles.put(toHex(row.bundleHash), { ...row, createdMs: 0 })
    })
  }

  unserved(): number {
    return this.#unserved().length
  }

  oneTimeSecret({ bundleHash, index }: OneTimeKeyName): Uint8Array | undefined {
    const serial = this.#bundles.get(toHex(bundleHash))?.serial
    return this.#oneTime.get(`${serial}/${index}`)?.secret.slice()
  }

  consumeOneTime({ bundleHash, index }: OneTimeKeyName): void {
    this.#transaction(() => {
      const serial = this.#bundles.get(toHex(bundleHash))?.serial
      if (!this.#oneTime.remove(`${serial}/${index}`))
        throw new TalosError('STORE_CONFLICT', { what: 'the one-time key' })
    })
  }

  hasFirstFlight(transcriptHash: Uint8Array): boolean {
    return this.#flights.has(toHex(transcriptHash))
  }

  rememberFirstFlight({
    transcriptHash,
    expiresMs,
  }: {
    readonly transcriptHash: Uint8Array
    readonly expiresMs: number
  }) {
    this.#transaction(() => {
      if (this.hasFirstFlight(transcriptHash)) throw new TalosError('STORE_CONFLICT', { what: 'the first flight' })
      this.#flights.put(toHex(transcriptHash), expiresMs)
    })
  }

  removeExpired(nowMs: number): void {
    this.#transaction(() => {
      for (const { serial, bundleHash, keepUntilMs } of this.list()) {
        if (keepUntilMs > nowMs) continue
        this.#bundles.remove(toHex(bundleHash))
        for (const key of this.#oneTime.keys()) if (key.startsWith(`${serial}/`)) this.#oneTime.remove(key)
      }
      for (const key of this.#flights.keys()) {
        if ((this.#flights.get(key) ?? 0) <= nowMs) this.#flights.remove(key)
      }
    })
  }

  #unserved(): OneTimeRow[] {
    const serial = this.latest()?.serial
    const rows = this.#oneTime.values().filter((row) => row.serial === serial && !row.isServed)
    return rows.sort((one, other) => one.index - other.index)
  }
}
