/** Which peers are measured, under which names, and how each is loaded: only by the process that measures it. */
import { importEntry, installPeers, isInstalled } from '../harness/peers.ts'
import { type BiscuitModule, biscuitSystem } from './biscuit.ts'
import { type IsoUcan, isoUcanSystem } from './iso-ucan.ts'
import { type Jose, joseSystem } from './jose.ts'
import type { TokenSystem } from './system.ts'
import { type Ucanto, ucantoSystem } from './ucanto.ts'

interface Peer {
  readonly packageName: string
  readonly name: string
  readonly load: () => Promise<TokenSystem>
}

const PEERS: readonly Peer[] = [
  { packageName: 'jose', name: 'jose', load: async () => joseSystem(await importEntry<Jose>('jose')) },
  {
    packageName: '@biscuit-auth/biscuit-wasm',
    name: 'biscuit-wasm, no proof',
    load: async () => biscuitSystem(await importEntry<BiscuitModule>('biscuit')),
  },
  {
    packageName: '@ucanto/core',
    name: 'ucanto (UCAN 0.9)',
    load: async () => ucantoSystem(await importEntry<Ucanto>('ucanto')),
  },
  {
    packageName: 'iso-ucan',
    name: 'iso-ucan',
    load: async () => isoUcanSystem(await importEntry<IsoUcan>('iso-ucan')),
  },
]

/** The peers that are there, or can be installed. */
export function findPeers({ install }: { readonly install: boolean }): readonly TokenSystem[] {
  return PEERS.filter(({ packageName }) => isInstalled(packageName) || (install && installPeers(packageName))).map(
    ({ name, load }) => ({ name, open: async () => await (await load()).open() }),
  )
}

/** Packages that are not there. */
export function missingPeers(): readonly string[] {
  return PEERS.map(({ packageName }) => packageName).filter((name) => !isInstalled(name))
}
