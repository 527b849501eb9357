/** The resolver port: from a DID to its document and, where there is one, its key log (spec 18-key-log, 18.14). */
import type { VerifiedKeyLog } from '../key-log/types.ts'
import type { GeneralDidDocument } from './general-document.ts'
import type { JsonObject } from './json.ts'

export interface DidResolution {
  /** What was asked for. */
  readonly did: string
  /** The document as it is to be shown. */
  readonly json: JsonObject
  /** The document read by the rules of DID 1.1; undefined when it breaks them, and then no key must be taken from it. */
  readonly document: GeneralDidDocument | undefined
  /** The verified log of a did:talos or did:webvh. */
  readonly log: VerifiedKeyLog | undefined
  /** When the answer was fetched, in milliseconds; a kept one is older than the question. */
  readonly fetchedMs: number
}

export interface ResolveOptions {
  /** Do not answer from what is kept. */
  readonly fresh?: boolean
  readonly signal?: AbortSignal
}

export interface DidResolver {
  /**
   * @throws TalosError `DID_SYNTAX`, `DID_INVALID`, `DID_LOCATION_INVALID`, `DID_METHOD_UNSUPPORTED`, `DID_NOT_FOUND`,
   *   `DID_ADDRESS_REFUSED`, `DID_FETCH_FAILED`, `DID_DOCUMENT_INVALID`, `KEY_LOG_*`
   */
  resolve(did: string, options?: ResolveOptions): Promise<DidResolution>
}
