/**
 * `conformance/model/models.json`: which models there are, and the verdict that each query must get.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseTemplate, renderModel } from './render.ts'

/**
 * What the tool says of one query. `replay`: agreement holds but for one genuine message accepted more than once.
 * `unfinished`: no attack in a search that did not end, which is never expected.
 */
export type Verdict = 'holds' | 'attack' | 'replay' | 'unfinished'

export interface ModelEntry {
  readonly id: string
  /** `claim`: the design says so. `limit`: the design says where it ends. `mutation`: one protection is missing. */
  readonly kind: 'claim' | 'limit' | 'mutation'
  readonly template: string
  readonly flags: readonly string[]
  /** Concurrent runs of every principal. */
  readonly sessions: number
  readonly claim: string
  /** Expected verdict by query. */
  readonly expect: Readonly<Record<string, Verdict>>
}

export interface Catalogue {
  readonly tool: { readonly name: string; readonly version: string }
  readonly models: readonly ModelEntry[]
}

/** The folder of templates and catalogue. */
const MODEL_FOLDER = join(import.meta.dirname, '..', '..', '..', 'conformance', 'model')

/** Reads the catalogue. */
export function readCatalogue(): Catalogue {
  return JSON.parse(readFileSync(join(MODEL_FOLDER, 'models.json'), 'utf8')) as Catalogue
}

/** The text of one model. */
export function modelText(entry: ModelEntry): string {
  const template = parseTemplate(readFileSync(join(MODEL_FOLDER, `${entry.template}.template.vp`), 'utf8'))
  return renderModel(template, { flags: entry.flags, queries: Object.keys(entry.expect) })
}
