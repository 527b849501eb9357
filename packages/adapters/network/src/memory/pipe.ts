/** One direction of a connection in memory: a bounded queue of bytes whose writer waits while it is full. */
import { TalosError } from '@talos/errors'
import type { CloseReason } from '@talos/ports'
import { MEMORY_PIPE_BYTES } from '../limits.ts'

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: TalosError) => void
}

/** What each end is told when the pipe breaks. */
export interface BrokenFor {
  readonly reader: CloseReason
  readonly writer: CloseReason
}

export class Pipe {
  readonly #chunks: Uint8Array[] = []
  readonly #writers: Waiter[] = []
  #queuedBytes = 0
  #wakeReader: (() => void) | undefined
  #ended = false
  #broken: BrokenFor | undefined
  /** Called once, when the reader has taken everything up to the end. */
  onDrained: () => void = () => undefined

  /** Takes a copy. Resolves once the pipe has room again. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#broken !== undefined || this.#ended) return Promise.reject(closed(this.#broken?.writer))
    if (bytes.length > 0) this.#chunks.push(bytes.slice())
    this.#queuedBytes += bytes.length
    this.#wake()
    if (this.#queuedBytes < MEMORY_PIPE_BYTES) return Promise.resolve()
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }))
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** Drops what is queued; writers and the reader fail, each with its reason. The first call counts. */
  break(reasons: BrokenFor): void {
    this.#broken ??= reasons
    this.#chunks.length = 0
    this.#queuedBytes = 0
    for (const writer of this.#writers.splice(0)) writer.reject(closed(reasons.writer))
    this.#wake()
  }

  async *read(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#taken(chunk.length)
        yield chunk
      } else if (this.#broken !== undefined) {
        throw closed(this.#broken.reader)
      } else if (this.#ended) {
        this.onDrained()
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve
        })
      }
    }
  }

  #taken(lengthBytes: number): void {
    this.#queuedBytes -= lengthBytes
    if (this.#queuedBytes >= MEMORY_PIPE_BYTES) return
    for (const writer of this.#writers.splice(0)) writer.resolve()
  }

  #wake(): void {
    this.#wakeReader?.()
    this.#wakeReader = undefined
  }
}

function closed(reason: CloseReason = 'local'): TalosError {
  return new TalosError('NETWORK_CLOSED', { reason })
}
