/** The log of logs of an agent, over its database: growing it and proving its leaves. */
import { type CheckpointHead, completedNodes } from '@talos/anchor'
import { toBase64url } from '@talos/bytes'
import type { AnchorProof } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { inclusionProof, leafHash, leafIndex, parseCheckpoint, rootAt, splitNote, treeSize } from '@talos/merkle'
import type { AnchorHead } from '@talos/ports'
import type { AgentDatabase, AnchorLeaf, StoredAnchorLeaf } from '@talos/storage'

/** Leaves that are looked at for one that is on a chain: those after it are on none either. */
const MAX_CANDIDATES = 64

/** A leaf, and the proof that a chain holds it. */
export interface AnchoredLeaf {
  readonly leaf: StoredAnchorLeaf
  readonly proof: AnchorProof
}

/** A checkpoint of a log, and the proof that a chain holds it. */
export interface AnchoredCheckpoint {
  /** The signed note. */
  readonly note: string
  readonly checkpoint: CheckpointHead
  readonly proof: AnchorProof
}

export class LogOfLogs {
  readonly #database: AgentDatabase
  readonly #kernel: Kernel

  constructor({ database, kernel }: { readonly database: AgentDatabase; readonly kernel: Kernel }) {
    this.#database = database
    this.#kernel = kernel
  }

  /** Its size and root; undefined while it has no leaf. */
  head(): AnchorHead | undefined {
    const { size } = this.#database.anchors
    if (size === 0) return undefined
    return { size, root: rootAt({ size: treeSize(size), readNode: this.#readNode, kernel: this.#kernel }) }
  }

  /** Adds leaves, and notes that the head after them is to be anchored: all of it or nothing. @throws TalosError store codes */
  add(leaves: readonly AnchorLeaf[], nowMs: number): void {
    const { anchors } = this.#database
    this.#database.transaction(() => {
      for (const leaf of leaves) {
        const hash = leafHash(this.#kernel, leaf.statement)
        const place = { index: anchors.size, leafHash: hash, readNode: this.#readNode, kernel: this.#kernel }
        anchors.append(leaf, completedNodes(place))
      }
      const head = this.head()
      if (head !== undefined) anchors.want(head, nowMs)
    })
  }

  /** The first leaf of a subject, as large as asked or larger, that a chain finally holds. */
  anchored(options: Pick<AnchorLeaf, 'kind' | 'subject' | 'size'>): AnchoredLeaf | undefined {
    const leaves = this.#database.anchors.covering({ ...options, limit: MAX_CANDIDATES })
    for (const leaf of leaves) {
      const head = this.#database.anchors.finalAbove(leaf.position)
      if (head?.chain === undefined) return undefined
      const path = inclusionProof({
        index: leafIndex(leaf.position),
        size: treeSize(head.size),
        readNode: this.#readNode,
        kernel: this.#kernel,
      })
      return { leaf, proof: { leaf: { index: leaf.position, path: path.map(toBase64url) }, chain: head.chain } }
    }
    return undefined
  }

  /** The same of a checkpoint. */
  anchoredCheckpoint(options: { readonly origin: string; readonly size: number }): AnchoredCheckpoint | undefined {
    const found = this.anchored({ kind: 'checkpoint', subject: options.origin, size: options.size })
    if (found?.leaf.note === undefined) return undefined
    const { origin, size, root } = parseCheckpoint(splitNote(found.leaf.note).text)
    return { note: found.leaf.note, checkpoint: { origin, size, root }, proof: found.proof }
  }

  readonly #readNode = (level: number, position: number): Uint8Array => this.#database.anchors.node(level, position)
}
