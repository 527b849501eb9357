/** First flights that arrive: answered with this agent's prekeys, and known when they arrive again. */
import { type Responded, respond } from '@talos/session'
import type { PrekeyKeeper } from './prekeys.ts'
import type { SessionWorld } from './session-world.ts'

export type FlightAnswer =
  | { readonly kind: 'new'; readonly responded: Responded }
  /** It was accepted before; `refusal` is what it gets where its session is gone. */
  | { readonly kind: 'repeated'; readonly transcriptHash: Uint8Array; readonly refusal: unknown }

/** Makes the session that a first flight asks for. Nothing is stored. @throws TalosError what `respond` throws */
export function answerFlight(options: {
  readonly world: SessionWorld
  readonly prekeys: PrekeyKeeper
  readonly flight: Uint8Array
  readonly nowMs: number
}): FlightAnswer {
  const { world, prekeys, flight, nowMs } = options
  const { kernel, random, did, instance, sessionKey, storage } = world
  let repeated: Uint8Array | undefined
  try {
    const responded = respond({
      kernel,
      random,
      nowMs,
      self: { did, instance, sessionKey },
      firstFlight: flight,
      findPrekeys: (bundleHash) => prekeys.findSecrets(bundleHash),
      findOneTime: (name) => prekeys.findOneTime(name),
      seen: (transcriptHash) => {
        const isSeen = storage.prekeys.hasFirstFlight(transcriptHash)
        if (isSeen) repeated = transcriptHash.slice()
        return isSeen
      },
    })
    return { kind: 'new', responded }
  } catch (refusal) {
    if (repeated === undefined) throw refusal
    return { kind: 'repeated', transcriptHash: repeated, refusal }
  }
}
