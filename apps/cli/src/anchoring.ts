/**
 * How an agent anchors its log: set by `talos anchor init`, kept in the agent's database, sealed, since the URL of an endpoint
 * may hold a key. The package that talks to chains is loaded when an agent anchors, and not before.
 */
import { statSync } from 'node:fs'
import { encodeJcs, parseJson, Secret, utf8 } from '@talos/bytes'
import type { Anchoring, OpenAnchoring } from '@talos/client'
import { TalosError } from '@talos/errors'
import { systemClock, systemRandom } from '@talos/kernel'
import type { AgentDatabase } from '@talos/storage'
import { readUserFile } from './files.ts'

/** Name of the environment variable that holds the key for anchors, in the place of the one that was set. */
const KEY_VARIABLE = 'TALOS_ANCHOR_KEY'
const SETTINGS = 'anchor.settings'
const KEY = 'anchor.key'
const KEY_FILE_MAX_BYTES = 256
const VIEM = { package: 'viem', version: '2.57.20' }

type Evm = typeof import('@talos/evm')

/** What `talos anchor init` was told. */
export type AnchorSettings = {
  readonly rpcUrls: readonly string[]
  readonly chainId: number
  readonly contract: string
  readonly confirmations: number | 'finalized'
  readonly maxFeePerGasWei: string
  readonly maxGas: string
  readonly intervalMs: number
  readonly entries: number
  /** Whether the logs that this agent witnesses are anchored with its own. */
  readonly others: boolean
  /** A file that holds the key; the key of the agent's database unless given. */
  readonly keyFile?: string
}

/** Loads what talks to chains. @throws TalosError `ANCHOR_ENGINE_MISSING` */
export async function loadEvm(): Promise<Evm> {
  try {
    return await import('@talos/evm')
  } catch (cause) {
    throw new TalosError('ANCHOR_ENGINE_MISSING', VIEM, { cause })
  }
}

/** Opens the chain of an agent that anchors; for the commands that run one. */
export const openAnchoring: OpenAnchoring = async ({ database, journal }) => {
  const settings = readSettings(database)
  if (settings === undefined) return undefined
  const { EvmAnchor } = await loadEvm()
  const { rpcUrls, chainId, contract, confirmations, maxFeePerGasWei, maxGas, intervalMs, entries, others } = settings
  const key = await readKey(database, settings.keyFile)
  if (key === undefined) throw new TalosError('ANCHOR_KEY_INVALID', { reason: 'there is none' })
  const chain = new EvmAnchor({
    rpcUrls,
    chainId,
    contract,
    confirmations,
    maxFeePerGasWei: BigInt(maxFeePerGasWei),
    maxGas: BigInt(maxGas),
    key,
    journal,
    clock: systemClock,
    random: systemRandom,
  })
  const anchoring: Anchoring = { chain, intervalMs, entries, others }
  return anchoring
}

/** What was set; undefined for an agent that does not anchor. @throws TalosError `STORE_CORRUPT`, `STORE_KEY_MISSING` */
function readSettings(database: AgentDatabase): AnchorSettings | undefined {
  const bytes = database.settings.get(SETTINGS)
  return bytes === undefined ? undefined : (parseJson(bytes) as unknown as AnchorSettings)
}

export function writeSettings(database: AgentDatabase, settings: AnchorSettings): void {
  database.settings.setSecret(SETTINGS, utf8(encodeJcs(settings)))
}

/**
 * The key for anchors: of the environment, else of the file that was named, else of the database.
 *
 * @throws TalosError `ANCHOR_KEY_INVALID`, `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE`
 */
export async function readKey(database: AgentDatabase, keyFile: string | undefined): Promise<Secret | undefined> {
  const { readAnchorKey } = await loadEvm()
  const variable = process.env[KEY_VARIABLE]
  if (variable !== undefined && variable !== '') return readAnchorKey(utf8(variable))
  if (keyFile !== undefined) return readAnchorKey(readKeyFile(keyFile))
  const bytes = database.settings.get(KEY)
  return bytes === undefined ? undefined : Secret.of(bytes)
}

/** Makes a key and keeps it, sealed, in the database. */
export async function makeKey(database: AgentDatabase): Promise<Secret> {
  const { makeAnchorKey } = await loadEvm()
  const key = makeAnchorKey(systemRandom)
  key.use((bytes) => database.settings.setSecret(KEY, bytes))
  return key
}

/** A file that others can read holds no key of ours. */
function readKeyFile(path: string): Uint8Array {
  const bytes = readUserFile(path, KEY_FILE_MAX_BYTES)
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new TalosError('ANCHOR_KEY_INVALID', { reason: 'others than its owner may read the file' })
  }
  return bytes
}

/** What a URL says of its endpoint without what may be a key. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'an endpoint'
}
