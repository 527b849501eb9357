/** What counts as witnessed of an agent's own log: its checkpoints with their lines, judged by a policy (spec 23-witness, 23.5). */
import { anyWitnessPolicy, cosignaturesOf, type WitnessPolicy } from '@talos/audit'
import type { Did } from '@talos/contracts'
import type { Kernel } from '@talos/kernel'
import { formatVerifierKey, parseVerifierKey } from '@talos/merkle'
import type { StoredWitness, StoredWitnessedHead } from '@talos/storage'

/** A checkpoint of this agent's log, and who cosigned it. */
export interface WitnessedHead {
  readonly size: number
  /** The log's line first, then the lines of witnesses. */
  readonly note: string
  readonly witnesses: readonly WitnessLine[]
  /** Whether these are enough by the policy. */
  readonly isWitnessed: boolean
}

/** Whose line stands under a checkpoint. */
export interface WitnessLine {
  readonly peer: Did
  /** The verifier key as text. */
  readonly vkey: string
  /** By the witness's clock. */
  readonly timeS: number
  /** The envelope by which the peer lets the key cosign. */
  readonly delegation: Uint8Array
}

/** Where lines are kept; an `AgentDatabase` has it as `witness`. */
export interface WitnessedStore {
  witnesses(): readonly StoredWitness[]
  heads(): readonly StoredWitnessedHead[]
}

/**
 * The newest checkpoint that is witnessed by the policy, or by anybody where there is none; where none is, the newest with a
 * line.
 *
 * @throws TalosError store codes; `NOTE_SIGNATURE_INVALID` where a stored line was changed
 */
export function witnessedHeadOf(
  store: WitnessedStore,
  { policy, kernel }: { readonly policy: WitnessPolicy | undefined; readonly kernel: Kernel },
): WitnessedHead | undefined {
  const known = store.witnesses()
  const keys = known.map(({ vkey }) => parseVerifierKey(vkey, kernel))
  const judge = policy ?? anyWitnessPolicy(keys.map((key) => ({ name: key.name, key })))
  let newest: StoredWitnessedHead | undefined
  for (const head of store.heads()) {
    newest ??= head
    const isWitnessed = judge.evaluate(head.note, { kernel }).isSatisfied
    if (isWitnessed) return { ...head, isWitnessed, witnesses: linesOf(head, { known, kernel }) }
  }
  return newest && { ...newest, isWitnessed: false, witnesses: linesOf(newest, { known, kernel }) }
}

function linesOf(
  { note }: StoredWitnessedHead,
  { known, kernel }: { readonly known: readonly StoredWitness[]; readonly kernel: Kernel },
): readonly WitnessLine[] {
  const keys = known.map(({ vkey }) => parseVerifierKey(vkey, kernel))
  return cosignaturesOf(note, { keys, kernel }).flatMap(({ key, timeS }) => {
    const vkey = formatVerifierKey(key)
    return known.filter((one) => one.vkey === vkey).map(({ peer, delegation }) => ({ peer, vkey, timeS, delegation }))
  })
}
