/**
 * Frames that this agent itself acts on: each lies in the inbox until it is done, so that a process that dies between the
 * two does it at its next start. What a frame asks for must bear being done again: the same process may have done it and
 * died before the inbox forgot it.
 */
import type { AppFrame, Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { MessageName, StoredIncoming } from '@talos/storage'
import { decodeFrame } from './frames.ts'
import type { SessionStorage } from './session-storage.ts'

/** Rows that are in memory at a time. */
const ROWS_AT_A_TIME = 8
/** Failures of this machine: what failed by them is done later. Every other failure is the frame's own. */
const OWN_FAILURES = /^(?:STORE|AUDIT|FILE|SIGNER|CLIENT)_/

export interface Effect {
  readonly peer: Did
  readonly frame: AppFrame
  /** True where it may have been done before. */
  readonly isAgain: boolean
}

export interface EffectsOptions {
  readonly messages: Pick<SessionStorage['messages'], 'incoming' | 'handOver'>
  readonly act: (effect: Effect) => Promise<void>
}

export class Effects {
  readonly #options: EffectsOptions
  readonly #running = new Map<string, Promise<void>>()
  /** Something lies in the inbox that nobody acts on. */
  #hasLeft = false

  constructor(options: EffectsOptions) {
    this.#options = options
  }

  /**
   * Acts on a frame that is durable in the inbox. A frame that is at fault is forgotten, with the failure.
   *
   * @throws what acting throws
   */
  async run(name: MessageName, frame: AppFrame): Promise<void> {
    await this.#once(name, { peer: name.peer, frame, isAgain: false })
  }

  /** It arrived again: resolves when nothing of that name is being acted on, and what this machine failed at was tried again. */
  async settled(name: MessageName): Promise<void> {
    await this.#running.get(keyOf(name))?.catch(() => undefined)
    if (this.#hasLeft) await this.resume()
  }

  /** Acts on what is left, by an earlier process or a failure. Another failure leaves the rest for later. */
  async resume(): Promise<void> {
    for (;;) {
      this.#hasLeft = true
      const rows = this.#options.messages.incoming(ROWS_AT_A_TIME, 'effect')
      this.#hasLeft = rows.length > 0
      if (!this.#hasLeft) return
      for (const row of rows) if (!(await this.#resumeOne(row))) return
    }
  }

  async #resumeOne(row: StoredIncoming): Promise<boolean> {
    try {
      await this.#once(row, { peer: row.peer, frame: decodeFrame(row.plaintext), isAgain: true })
    } catch (error) {
      if (!isTalosError(error)) throw error
      if (OWN_FAILURES.test(error.code)) return false
      // One that this version cannot read included.
      this.#options.messages.handOver(row)
    }
    return true
  }

  async #once(name: MessageName, effect: Effect): Promise<void> {
    const key = keyOf(name)
    const running = this.#running.get(key) ?? this.#act(name, effect).finally(() => this.#running.delete(key))
    this.#running.set(key, running)
    await running
  }

  async #act(name: MessageName, effect: Effect): Promise<void> {
    const { act, messages } = this.#options
    try {
      await act(effect)
    } catch (error) {
      const isOwn = !isTalosError(error) || OWN_FAILURES.test(error.code)
      if (isOwn) this.#hasLeft = true
      else messages.handOver(name)
      throw error
    }
    messages.handOver(name)
  }
}

function keyOf({ peer, messageId }: MessageName): string {
  return `${peer}/${messageId}`
}
