/** Faults of our own making: a simulation that does not find each of them could not find the like in earnest. */
export const DEFECTS = [
  'is durable later',
  'ignores leases',
  'forgets ids',
  'tears transactions',
  'sees no rollback',
  'forgets what was not answered',
] as const

/**
 * `is durable later`: a transaction returns before it is durable. `ignores leases`: a message is sealed and the lease that
 * it needs is not stored. `forgets ids`: what arrived is not known again. `tears transactions`: a part of a transaction
 * that failed stays. `sees no rollback`: an older copy of the store is taken for the newest. `forgets what was not
 * answered`: a message leaves the outbox although nobody said that it arrived.
 */
export type Defect = (typeof DEFECTS)[number]
