/** What contracts/spec/12-proof-bundle.md says in tables, for the tests that hold the code against it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { VALIDATION_LAYERS, type ValidationLayer } from '@talos/proof'

const PAGE = join(import.meta.dirname, '..', '..', '..', '..', 'contracts', 'spec', '12-proof-bundle.md')

/** The text of a clause, such as `12.4`, with its heading. */
export function clauseText(clause: string): string {
  const [, text] =
    readFileSync(PAGE, 'utf8')
      .split(/^(?=## )/m)
      .map((part) => [part.split(' ', 2)[1], part])
      .find(([number]) => number === clause) ?? []
  if (text === undefined) throw new Error(`the page has no clause ${clause}`)
  return text
}

export interface SpecifiedCheck {
  readonly name: string
  readonly layer: string
  readonly code: string
  readonly clause: string
}

/** The table of all checks, in its order (12.3). */
export function specifiedChecks(): readonly SpecifiedCheck[] {
  const rows = clauseText('12.3').matchAll(/^\| (\w+) \| `([^`]+)` \| `(PROOF_\w+)` \| (12\.\d+) \|$/gm)
  return [...rows].map(([, layer = '', name = '', code = '', clause = '']) => ({ name, layer, code, clause }))
}

/** What the levels ask for beyond what is there, by the names in the table of levels, with `<side>` for both (12.12). */
export function specifiedWants(): readonly string[] {
  return [...clauseText('12.12').matchAll(/^\|.*\| `([\w.<>]+)` \|$/gm)].map(([, name = '']) => name)
}

export interface SpecifiedOwner {
  readonly place: RegExp
  readonly layers: readonly ValidationLayer[]
}

/** Which layers own a place of a bundle: the first row that fits counts (12.12). */
export function specifiedOwners(): readonly SpecifiedOwner[] {
  const rows = clauseText('12.12').matchAll(/^\| (`[a-z].*`) \| ((?:[a-z]+, )*[a-z]+) \|$/gm)
  return [...rows].flatMap(([, places = '', names = '']) => {
    const layers = names.split(', ').map(layerNamed)
    return [...places.matchAll(/`([^`]+)`/g)].map(([, place = '']) => ({ place: patternOf(place), layers }))
  })
}

function layerNamed(name: string): ValidationLayer {
  const layer = VALIDATION_LAYERS.find((one) => one === name)
  if (layer === undefined) throw new Error(`no layer is named ${name}`)
  return layer
}

/** Of a place and of all below it. */
function patternOf(place: string): RegExp {
  const text = place.replaceAll('.', '\\.').replaceAll('[]', '\\.\\d+').replaceAll('<side>', '(?:agent|executor)')
  return new RegExp(`^${text}(?:\\.|$)`)
}
