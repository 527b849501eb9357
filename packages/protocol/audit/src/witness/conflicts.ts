/** Refusals of a witness that carry what the other side needs: where to prove from, and the evidence of a fork. */
import { TalosError } from '@talos/errors'
import type { VerifiedFork } from './fork.ts'

/** The proof does not begin where this witness knows the log. */
export class WitnessConflict extends TalosError {
  /** Size to prove from. */
  readonly size: number
  /** The checkpoint of that size, as the log signed it; absent for 0. */
  readonly note: string | undefined

  constructor({
    size,
    note,
    from,
  }: { readonly size: number; readonly note?: string | undefined; readonly from: number }) {
    super('WITNESS_CONFLICT', { size, from })
    this.size = size
    this.note = note
  }
}

/** The log contradicted itself. */
export class LogForked extends TalosError {
  readonly fork: VerifiedFork
  /** Whether that was not known before. */
  readonly isNew: boolean

  constructor(fork: VerifiedFork, { isNew }: { readonly isNew: boolean }) {
    super('WITNESS_FORK', { first: fork.first.size, second: fork.second.size })
    this.fork = fork
    this.isNew = isNew
  }
}
