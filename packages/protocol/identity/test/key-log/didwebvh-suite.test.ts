/** The vectors of the did:webvh test suite: logs of five implementations, and what a resolver must refuse. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TalosError } from '@talos/errors'
import { type JsonObject, readDid, resolvedDocument, type VerifiedKeyLog, verifyKeyLog } from '@talos/identity'
import { publicVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { kernel } from '../vector-input.ts'
import { text } from './cast.ts'

const folder = publicVectors('didwebvh')
const NOW_MS = Date.parse('2026-11-01T00:00:00Z')

/**
 * Logs that break the rules of did:webvh 1.0 themselves. They are refused, with this reason; nothing else is left out.
 *
 * witness-update hands over from two witnesses to one. By the specification ("DID Witnesses") a new list of witnesses takes
 * over after the entry that names it, so that the old ones approve the change: two approvals. These carry one.
 */
const NOT_CONFORMING: Readonly<Record<string, string>> = {
  'witness-update/java': 'KEY_LOG_WITNESS',
  'witness-update/java-eecc': 'KEY_LOG_WITNESS',
  'witness-update/python': 'KEY_LOG_WITNESS',
  'witness-update/ts': 'KEY_LOG_WITNESS',
}

/** Documents without the services that the method implies: this implementation adds none to a deactivated DID. */
const WITHOUT_IMPLIED_SERVICES = ['deactivate/java']

/** Which of our codes answers for an error of the suite. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  invalidDid: [
    'DID_LOCATION_INVALID',
    'DID_SYNTAX',
    'KEY_LOG_DOCUMENT',
    'KEY_LOG_METHOD',
    'KEY_LOG_TIME',
    'KEY_LOG_WITNESS',
  ],
  invalidParameters: ['KEY_LOG_PARAMETERS'],
  invalidProof: ['KEY_LOG_PROOF'],
}

interface Result {
  readonly didDocument: JsonObject
  readonly didDocumentMetadata: { readonly versionId: string; readonly deactivated?: boolean }
  readonly didResolutionMetadata: { readonly error?: string } | null
}

function logsOf(kind: 'negative' | 'positive'): readonly string[] {
  if (folder === undefined) return []
  const subfolders = (path: string) =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  return subfolders(folder)
    .filter((name) => name.startsWith('negative-') === (kind === 'negative'))
    .flatMap((name) => subfolders(join(folder, name)).map((implementation) => `${name}/${implementation}`))
    .sort()
}

function read(path: string): string {
  return readFileSync(join(folder ?? '', path), 'utf8')
}

function resultsOf(path: string): readonly Result[] {
  const names = readdirSync(join(folder ?? '', path)).filter((name) => name.startsWith('resolutionResult'))
  return names.map((name): Result => JSON.parse(read(`${path}/${name}`)))
}

/** Verifies the log of that folder for the DID that its script resolves: the literal one, else the one of the log. */
function resolve(path: string): VerifiedKeyLog {
  const literal = /did: "([^"]+)"/.exec(read(`${path.split('/')[0]}/script.yaml`))?.[1]
  if (literal !== undefined) readDid(literal)
  const hasWitnesses = existsSync(join(folder ?? '', path, 'did-witness.json'))
  const witnesses = hasWitnesses ? { witnessFile: read(`${path}/did-witness.json`) } : {}
  return verifyKeyLog({ kernel, text: read(`${path}/did.jsonl`), nowMs: NOW_MS, ...witnesses })
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof TalosError) return error.code
    throw error
  }
  return 'accepted'
}

/** The implementations spell the implied services in three ways: relative ids, and no slash at the end. */
function spelled(document: JsonObject): unknown {
  const services = (document['service'] ?? []) as readonly JsonObject[]
  return {
    ...document,
    service: services.map((service) => ({
      ...service,
      id: text(service, 'id').replace(/^#/, `${text(document, 'id')}#`),
      serviceEndpoint: text(service, 'serviceEndpoint').replace(/\/$/, ''),
    })),
  }
}

describe.skipIf(folder === undefined)(
  'the did:webvh test suite (skipped where ../shared/vectors/didwebvh is missing)',
  () => {
    it('has logs of every kind', () => {
      expect(logsOf('positive').length).toBeGreaterThanOrEqual(60)
      expect(logsOf('negative').length).toBeGreaterThanOrEqual(16)
    })

    it.each(logsOf('positive').filter((path) => NOT_CONFORMING[path] === undefined))(
      '%s resolves to the documents that its implementation resolved',
      (path) => {
        const log = resolve(path)
        for (const { didDocument, didDocumentMetadata } of resultsOf(path)) {
          const entry = log.entries.find(({ versionId }) => versionId === didDocumentMetadata.versionId)
          expect(entry).toBeDefined()
          const document = entry?.document ?? {}
          const resolved = WITHOUT_IMPLIED_SERVICES.includes(path) ? document : resolvedDocument(document)
          expect(spelled(resolved)).toEqual(spelled(didDocument))
          expect(entry?.parameters.deactivated).toBe(didDocumentMetadata.deactivated ?? false)
        }
      },
    )

    it.each(Object.entries(NOT_CONFORMING))(
      '%s breaks a rule of the specification and is refused with %s',
      (path, code) => {
        expect(codeOf(() => resolve(path))).toBe(code)
      },
    )

    it.each(logsOf('negative'))('%s is refused with the reason of the suite', (path) => {
      const [result] = resultsOf(path)
      const expected = ERRORS[result?.didResolutionMetadata?.error ?? '']
      expect(expected).toBeDefined()
      expect(expected).toContain(codeOf(() => resolve(path)))
    })
  },
)
