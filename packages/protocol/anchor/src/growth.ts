/**
 * Strictly growing (contracts/spec/25-anchor.md, clause 25.3): of the anchors of one sender, in the order of the chain, one
 * counts when it is larger than all before it. The contract keeps no size, so whoever reads its events applies the rule.
 */
import { equalBytes } from '@talos/bytes'

/** What an event says. */
export interface AnchoredHead {
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
}

/**
 * `counts`: larger than all before. `repeated`: the newest one again, which is void and harmless. `void`: not larger.
 * `conflict`: void, and of a size that was anchored with another root: one of the two is not of the log.
 */
export type Growth = 'counts' | 'repeated' | 'void' | 'conflict'

/** Judges the anchors of one sender. @param heads in the order of the chain */
export function judgeGrowth(heads: readonly AnchoredHead[]): readonly Growth[] {
  const counted: AnchoredHead[] = []
  return heads.map((head) => {
    const newest = counted.at(-1)
    if (newest === undefined || head.size > newest.size) {
      counted.push(head)
      return 'counts'
    }
    const same = counted.find(({ size }) => size === head.size)
    if (same === undefined) return 'void'
    if (!equalBytes(same.root, head.root)) return 'conflict'
    return same === newest ? 'repeated' : 'void'
  })
}
