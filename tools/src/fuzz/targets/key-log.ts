/** Key logs, DIDs of other methods, and documents of others (spec 18-key-log). */

import { parseJson } from '@talos/bytes'
import {
  formatWebPlace,
  type JsonObject,
  keysFor,
  parseDidUrl,
  readDid,
  readDidDocument,
  verifyDocument,
  verifyKeyLog,
  type WebPlace,
  webUrl,
} from '@talos/identity'
import { casesOf, jsonSeedsOf, seedsOf, textOf, textSeed } from '../seeds.ts'
import { must, NOTHING, type Target, unlessRefused } from '../target.ts'
import { kernel } from './kernels.ts'

/** In the year 2029, later than every seed. */
const NOW_MS = 1_870_000_000_000

export function keyLogTargets(): readonly Target[] {
  return [logTarget(), proofTarget(), placeTarget(), documentTarget()]
}

function logTarget(): Target {
  const seeds = seedsOf('identity/key-log.json', 'log')
  // Of the cases that verify: their whole histories, from which an edit can only cut entries off the end.
  const known = new Set(
    casesOf('identity/key-log.json')
      .filter(({ valid }) => valid)
      .flatMap(({ input }) => idsIn(String(input['log']))),
  )
  return {
    name: 'key-log',
    refusals: /^KEY_LOG_/,
    form: 'json',
    seeds,
    run(input) {
      const text = textOf(input)
      const { versionId, keys, signingKey, entries } = verifyKeyLog({ kernel, text, nowMs: NOW_MS })
      must(known.has(versionId), 'nobody signs an entry but who could')
      must(
        keys.every(({ fromMs, toMs = Infinity }) => fromMs <= toMs),
        'a key begins before it ends',
      )
      const current = keys.filter(({ standing }) => standing === 'current').map(({ did }) => did)
      must(signingKey === undefined ? current.length === 0 : current.includes(signingKey), 'the signing key is current')
      must(
        entries.every(({ versionTimeMs }, index) => versionTimeMs > (entries[index - 1]?.versionTimeMs ?? -1)),
        'time goes on',
      )
    },
  }
}

function proofTarget(): Target {
  const seeds = jsonSeedsOf('identity/data-integrity.json', 'document')
  return {
    name: 'data-integrity',
    refusals: /^(DATA_INTEGRITY_INVALID|JSON_INVALID|INPUT_TOO_(LARGE|DEEP))$/,
    form: 'json',
    seeds,
    run(input) {
      const document = parseJson(input)
      if (typeof document !== 'object' || document === null || Array.isArray(document)) return
      const proofs = verifyDocument({ kernel, document: document as JsonObject, purpose: 'assertionMethod' })
      must(proofs.length > 0, 'a document without a proof does not verify')
    },
  }
}

function placeTarget(): Target {
  return {
    name: 'did-place',
    refusals: NOTHING,
    form: 'text',
    seeds: seedsOf('identity/did-webvh-url.json', 'did'),
    run(input) {
      const text = textOf(input)
      unlessRefused(() => parseDidUrl(text), /^DID_SYNTAX$/)
      const did = unlessRefused(() => readDid(text), /^DID_(SYNTAX|INVALID|LOCATION_INVALID)$/)
      if (did?.method !== 'web' && did?.method !== 'webvh') return
      must(text.endsWith(`:${formatWebPlace(did.place)}`), 'one place has one spelling')
      checkUrl(did.place)
    },
  }
}

/** The URL leads where the DID says, for every reader of URLs. */
function checkUrl(place: WebPlace): void {
  const url = new URL(webUrl(place, 'did.json'))
  must(url.protocol === 'https:' && url.username === '' && url.password === '', 'nothing but a host is named')
  must(url.hostname === place.host, 'a host stays the host')
  must(url.search === '' && url.hash === '', 'a path stays a path')
  const folders = url.pathname.split('/').slice(1, -1).map(decodeURIComponent)
  must(
    folders.join('\n') === (place.path.length === 0 ? '.well-known' : place.path.join('\n')),
    'no segment leads elsewhere',
  )
}

function documentTarget(): Target {
  const logs = casesOf('identity/key-log.json').filter(({ valid }) => valid)
  const seeds = logs.flatMap(({ input }) => statesIn(String(input['log'])))
  return {
    name: 'did-document/general',
    refusals: /^DID_DOCUMENT_INVALID$/,
    form: 'json',
    seeds,
    run(input) {
      const document = readDidDocument(input)
      const keys = keysFor(document, 'authentication', NOW_MS)
      must(keys.length <= document.relationships.authentication.length, 'no key that is not named')
    },
  }
}

function idsIn(log: string): readonly string[] {
  return linesOf(log).map((line) => String(JSON.parse(line).versionId))
}

function statesIn(log: string): readonly Uint8Array[] {
  return linesOf(log).map((line) => textSeed(JSON.stringify(JSON.parse(line).state)))
}

function linesOf(log: string): readonly string[] {
  return log.split(/\r?\n/).filter((line) => line !== '')
}
