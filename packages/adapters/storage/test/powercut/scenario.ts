/** Lives of writers that a seed chooses: kills and faults of the disk at some place of each, none in the last. */
import { Prng } from '../audit-kill/prng.ts'
import type { Life } from './record.ts'

const EIO = 5
const ENOSPC = 28
/** What may go wrong, on which files, and how late at most. */
const FAULTS: readonly { readonly operation: string; readonly suffix: string; readonly skip: number }[] = [
  { operation: 'sync', suffix: 'audit.db-wal', skip: 12 },
  { operation: 'sync', suffix: 'audit.db', skip: 3 },
  { operation: 'sync', suffix: '.tmp', skip: 4 },
  { operation: 'dirsync', suffix: '', skip: 4 },
  { operation: 'write', suffix: 'audit.db-wal', skip: 60 },
  { operation: 'write', suffix: 'audit.db', skip: 12 },
  { operation: 'write', suffix: '.tmp', skip: 4 },
  { operation: 'rename', suffix: 'checkpoint.note', skip: 4 },
  { operation: 'truncate', suffix: 'audit.db-wal', skip: 2 },
  { operation: 'open', suffix: '.tmp', skip: 4 },
]

export type Kind = 'plain' | 'kills' | 'faults' | 'long'
export const KINDS: readonly Kind[] = ['plain', 'kills', 'faults', 'long']

/** Lives of one kind. */
export function scenario(kind: Kind, seed: number): Life[] {
  const prng = new Prng(seed, 3)
  const life = (): Life => {
    const callers = 1 + prng.below(6)
    const publishMs = 1 + prng.below(10)
    return {
      seed: prng.below(2 ** 31),
      callers,
      entries: 3 + prng.below(20),
      paceMs: 3,
      publishMs,
      reopens: prng.chance(0.3),
    }
  }
  if (kind === 'plain') return [life()]
  // Enough transactions for the write-ahead file to be copied and begun anew on its own: after 1,000 pages.
  if (kind === 'long')
    return [{ ...life(), callers: 2, entries: 420, paceMs: 1, publishMs: 40, reopens: false, keepsSalts: true }]
  const lives = Array.from({ length: 2 + prng.below(3) }, () => {
    const faults = kind === 'kills' ? [killOf(prng)] : [faultOf(prng), ...(prng.chance(0.3) ? [faultOf(prng)] : [])]
    return { ...life(), faults, faultsFirst: prng.chance(0.4) }
  })
  // A life that signs what it finds and writes nothing tells what the one before left.
  const reader = (): Life => ({ ...life(), callers: 0, publishMs: 1, reopens: false })
  return [...lives.flatMap((one) => (prng.chance(0.5) ? [one, reader()] : [one])), life()]
}

function killOf(prng: Prng): string {
  const { operation, suffix, skip } = FAULTS[prng.below(FAULTS.length)] ?? { operation: 'sync', suffix: '*', skip: 4 }
  const actions = operation === 'sync' ? ['kill', 'killafter', 'failkill'] : ['kill', 'killafter']
  return `!fault ${operation} ${suffix || '*'} ${prng.below(skip)} 1 ${actions[prng.below(actions.length)]}`
}

function faultOf(prng: Prng): string {
  const { operation, suffix, skip } = FAULTS[prng.below(FAULTS.length)] ?? { operation: 'sync', suffix: '*', skip: 4 }
  const errors = operation === 'write' ? [EIO, ENOSPC, 'short'] : operation === 'sync' ? [EIO] : [EIO, ENOSPC]
  const count = prng.chance(0.7) ? 1 : 1 + prng.below(5)
  return `!fault ${operation} ${suffix || '*'} ${prng.below(skip)} ${count} ${errors[prng.below(errors.length)]}`
}
