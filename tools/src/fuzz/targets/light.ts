/** What a light client keeps, and what sources answer it (spec 24-light-client). */
import { LIGHT_STATE_MAX_BYTES, LightClient, type LogSource } from '@talos/audit'
import { concatBytes, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { casesOf, fromHexSeed, jsonSeedsOf, seedsOf, textOf } from '../seeds.ts'
import { must, type Target } from '../target.ts'
import { kernel } from './kernels.ts'

const VECTORS = 'light/update.json'
/** As in the vectors. */
const NOW_MS = 1_800_000_000_000
/** Answers nothing. */
const NOBODY: LogSource = {
  checkpoint: async () => '',
  tile: async () => new Uint8Array(0),
  entries: async () => new Uint8Array(0),
  logKey: async () => new Uint8Array(0),
  keyLog: async () => '',
  revocations: async () => undefined,
}

export function lightTargets(): readonly Target[] {
  return [stateTarget(), sourceTarget()]
}

function stateTarget(): Target {
  return {
    name: 'light/state',
    refusals: /^LIGHT_STATE_INVALID$/,
    form: 'json',
    seeds: seedsOf(VECTORS, 'state'),
    run(input) {
      const text = textOf(input)
      const { state } = clientOf(NOBODY, text)
      must(state === text, 'a state that is read is the state that is kept')
    },
  }
}

interface Answers {
  readonly checkpoint: string
  readonly leafHashesHex: readonly string[]
  readonly logKeyHex: string
  readonly keyLog: string
  readonly revocations: { readonly headHex: string; readonly itemsHex: readonly string[] } | null
}

/** The answers are changed; the state stays, or there is none. */
function sourceTarget(): Target {
  const inputs = casesOf(VECTORS).map(({ input }) => input)
  const honest = inputs.map(({ source }) => (source as Answers).checkpoint).join('\n')
  const states = inputs.flatMap(({ state }) => (isReadable(state) ? [state] : []))
  return {
    name: 'light/source',
    refusals: /^LIGHT_(?!STATE_INVALID|ENTRY_INVALID)/,
    form: 'json',
    seeds: jsonSeedsOf(VECTORS, 'source'),
    async run(input, random) {
      const source = sourceOf(textOf(input))
      if (source === undefined) return
      const state = random.below(2) === 0 ? undefined : states[random.below(states.length)]
      const client = clientOf(source, state)
      try {
        const { offered } = await client.update()
        must(honest.includes(offered.note.split('\n\n')[0] ?? ''), 'what is followed was signed')
        must(utf8(client.state ?? '').length <= LIGHT_STATE_MAX_BYTES, 'a state is small')
        must(clientOf(NOBODY, client.state).state === client.state, 'what is kept can be read')
      } catch (error) {
        must(!isTalosError(error) || client.state === state, 'after a refusal everything is as before')
        throw error
      }
    },
  }
}

/** Undefined for what could not be the answers of a source: a text, a list of texts and so on are for the source to see to. */
function sourceOf(text: string): LogSource | undefined {
  const answers = answersOf(text)
  if (answers === undefined) return undefined
  const { checkpoint, leafHashesHex, logKeyHex, keyLog, revocations } = answers
  const items = revocations?.itemsHex ?? []
  return {
    ...NOBODY,
    checkpoint: async () => checkpoint,
    tile: async ({ width }) => concatBytes(...leafHashesHex.slice(0, width).map(fromHexSeed)),
    logKey: async () => fromHexSeed(logKeyHex),
    keyLog: async () => keyLog,
    revocations: async (after) =>
      revocations === null
        ? undefined
        : { head: fromHexSeed(revocations.headHex), items: items.slice(after).map(fromHexSeed) },
  }
}

function answersOf(text: string): Answers | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { checkpoint, leafHashesHex, logKeyHex, keyLog, revocations = null } = value as Partial<Answers>
  if ([checkpoint, logKeyHex, keyLog].some((one) => typeof one !== 'string') || !Array.isArray(leafHashesHex))
    return undefined
  if (revocations !== null && !Array.isArray(revocations.itemsHex)) return undefined
  return { ...(value as Answers), revocations }
}

function clientOf(source: LogSource, state: string | undefined): LightClient {
  const clock = { nowMs: () => NOW_MS }
  return new LightClient({ source, kernel, clock, ...(state !== undefined && { state }) })
}

function isReadable(state: unknown): state is string {
  try {
    return typeof state === 'string' && clientOf(NOBODY, state).state === state
  } catch {
    return false
  }
}
