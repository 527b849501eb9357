/**
 * Whether a write-ahead file lost what had been durable (sqlite.org/fileformat2.html, section 4: The Write-Ahead Log).
 *
 * SQLite reads such a file up to the first frame that does not check and takes all after it for a transaction that was cut
 * off. A flipped bit so takes away every transaction from there on, and nothing shows it. But a transaction is begun only
 * after the one before was flushed: where frames of a second one stand behind the damage, the first was durable once.
 *
 * What this cannot see: damage to the very last transaction, which looks like one that was cut off, and a file that was cut
 * between two transactions or replaced by an older one. What was signed is guarded by the last checkpoint.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { attempt, systemCode } from './files.ts'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** Bytes of a header, and of a frame's header, that its checksum covers. */
const HEADER_SUMMED = 24
const FRAME_SUMMED = 8
const MAGIC = 0x377f0682
const PAGE_BYTES_MIN = 512
const PAGE_BYTES_MAX = 65_536

type Sum = readonly [number, number]

/**
 * Looks at a write-ahead file that nobody has open. A missing, empty or sound one is fine.
 *
 * @param path absolute
 * @throws TalosError `FILE_FAILED`
 */
export function hasLostTransactions(path: string): boolean {
  return attempt('look at', path, () => {
    const descriptor = openIfThere(path)
    if (descriptor === undefined) return false
    try {
      return new WalCheck(descriptor).hasLost()
    } finally {
      closeSync(descriptor)
    }
  })
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

class WalCheck {
  readonly #descriptor: number
  readonly #sizeBytes: number
  #isLittleEndian = true

  constructor(descriptor: number) {
    this.#descriptor = descriptor
    this.#sizeBytes = fstatSync(descriptor).size
  }

  hasLost(): boolean {
    const header = this.#read(0, HEADER_BYTES)
    if (header === undefined) return false
    const magic = header.getUint32(0)
    this.#isLittleEndian = magic === MAGIC
    const sum = this.#sum([0, 0], header, 0, HEADER_SUMMED)
    const pageBytes = header.getUint32(8)
    const isHeader = (magic & ~1) === MAGIC && pageBytes >= PAGE_BYTES_MIN && pageBytes <= PAGE_BYTES_MAX
    // The header is flushed before the first frame is written: with a frame behind it, it was whole once.
    if (!isHeader || !hasSum(header, HEADER_SUMMED, sum)) return this.#sizeBytes >= HEADER_BYTES + FRAME_HEADER_BYTES
    return this.#hasLostFrames({ salts: [header.getUint32(16), header.getUint32(20)], pageBytes, sum })
  }

  #hasLostFrames(options: { readonly salts: Sum; readonly pageBytes: number; readonly sum: Sum }): boolean {
    const { salts, pageBytes } = options
    const frameBytes = FRAME_HEADER_BYTES + pageBytes
    let { sum } = options
    let isSound = true
    let isBehindCommit = false
    for (let offset = HEADER_BYTES; ; offset += frameBytes) {
      const frame = this.#read(offset, frameBytes)
      if (frame === undefined) return false
      const isOurs = frame.getUint32(8) === salts[0] && frame.getUint32(12) === salts[1]
      if (isSound) {
        sum = this.#sum(this.#sum(sum, frame, 0, FRAME_SUMMED), frame, FRAME_HEADER_BYTES, pageBytes)
        isSound = isOurs && hasSum(frame, 16, sum)
      }
      if (isSound) continue
      if (isOurs && isBehindCommit) return true
      // Frames of an earlier use of the file have other salts.
      const isCommit = frame.getUint32(4) !== 0
      isBehindCommit ||= isOurs && isCommit
    }
  }

  /** The checksum of SQLite's format: two sums of 32 bits that feed each other. */
  #sum([first, second]: Sum, view: DataView, start: number, length: number): Sum {
    let [one, two] = [first, second]
    for (let offset = start; offset < start + length; offset += 8) {
      one = (one + view.getUint32(offset, this.#isLittleEndian) + two) >>> 0
      two = (two + view.getUint32(offset + 4, this.#isLittleEndian) + one) >>> 0
    }
    return [one, two]
  }

  /** So many bytes, or nothing where the file ends before. */
  #read(offset: number, length: number): DataView | undefined {
    if (offset + length > this.#sizeBytes) return undefined
    const bytes = new Uint8Array(length)
    let read = 0
    while (read < length) {
      const count = readSync(this.#descriptor, bytes, read, length - read, offset + read)
      if (count === 0) return undefined
      read += count
    }
    return new DataView(bytes.buffer)
  }
}

function hasSum(view: DataView, offset: number, [one, two]: Sum): boolean {
  return view.getUint32(offset) === one && view.getUint32(offset + 4) === two
}
