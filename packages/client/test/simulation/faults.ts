/** Where a planned fault meets a side: each write and each send asks here first. */
import { TalosError } from '@talos/errors'
import { type FaultKind, type PlannedFault, WRITE_FAULTS } from './schedule.ts'

/** The process is gone at this very point. Thrown a million times: no trace of the stack is made of it. */
export class Crash {}

const WRITE_KINDS: ReadonlySet<string> = new Set(WRITE_FAULTS)

/** Writes and sends of both sides since the beginning, and the one fault that is planned for one of them. */
export class FaultCount {
  readonly #planned: PlannedFault | undefined
  writes = 0
  sends = 0

  constructor(planned?: PlannedFault) {
    this.#planned = planned
  }

  planned(kind: 'write' | 'send', count: number): FaultKind | undefined {
    return this.#planned === undefined ? undefined : matching(this.#planned, { kind, count })
  }
}

export class FaultPoints {
  #planned: PlannedFault | undefined
  #writes = 0
  #sends = 0
  readonly #count: FaultCount
  readonly #onFault: (kind: FaultKind) => void

  constructor(count: FaultCount, onFault: (kind: FaultKind) => void) {
    this.#count = count
    this.#onFault = onFault
  }

  /** The fault of the step that begins, if any; counting begins anew. */
  plan(fault: PlannedFault | undefined): void {
    this.#planned = fault
    this.#writes = 0
    this.#sends = 0
  }

  /** @throws Crash, TalosError `STORE_WRITE_FAILED` */
  write(commit: () => void): void {
    const fault = this.#fault('write', this.#writes) ?? this.#count.planned('write', this.#count.writes)
    this.#writes += 1
    this.#count.writes += 1
    if (fault !== undefined) this.#onFault(fault)
    if (fault === 'crash-before-write') throw new Crash()
    if (fault !== 'write-fails') commit()
    if (fault === 'crash-after-write') throw new Crash()
    if (fault !== undefined) throw new TalosError('STORE_WRITE_FAILED', { store: 'agent', reason: 'it was told to' })
  }

  /** @throws Crash */
  send(leave: () => void): void {
    const fault = this.#fault('send', this.#sends) ?? this.#count.planned('send', this.#count.sends)
    this.#sends += 1
    this.#count.sends += 1
    if (fault !== undefined) this.#onFault(fault)
    if (fault === 'crash-before-send') throw new Crash()
    leave()
    if (fault === 'crash-after-send') throw new Crash()
  }

  #fault(kind: 'write' | 'send', count: number): FaultKind | undefined {
    return this.#planned === undefined ? undefined : matching(this.#planned, { kind, count })
  }
}

function matching(
  planned: PlannedFault,
  { kind, count }: { readonly kind: 'write' | 'send'; readonly count: number },
): FaultKind | undefined {
  const isOfWrite = WRITE_KINDS.has(planned.kind)
  return planned.at === count && isOfWrite === (kind === 'write') ? planned.kind : undefined
}
