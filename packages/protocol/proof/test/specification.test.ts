/** contracts/spec/12-proof-bundle.md and the code name the same checks, in the same layers and order, with the same codes. */
import { loadKernel } from '@talos/kernel'
import { CHECK_TABLE, checkName, type ProofCheck, VALIDATION_LAYERS, verifyProofBundle } from '@talos/proof'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { optionsOf } from './options.ts'
import { clauseText, specifiedChecks, specifiedOwners, specifiedWants } from './specification.ts'

const kernel = loadKernel(process.env['TALOS_TEST_KERNEL'] ?? 'portable')
const FILES = ['valid', 'history', 'full', 'form', 'layers', 'history-refused', 'full-refused', 'hidden']
const reports = FILES.flatMap((name) => repoVectors(`proof/${name}.json`).cases).map(({ input }) =>
  verifyProofBundle(String(input['bundle']), optionsOf(input, kernel)),
)
const layers = reports.flatMap(({ validation }) => validation.layers)
const specified = specifiedChecks()
const bySide = (name: string): string => name.replace(/^(identity|logs|anchors)\.(?:agent|executor)\b/, '$1.<side>')

/** A check as its clause may write it. */
function spellings(name: string): readonly string[] {
  const inclusion = name.replace(
    /^(?:intent|execution(?:\.invoked)?)\.(entry|proof|checkpoint|inclusion)$/,
    '<name>.$1',
  )
  return [name, bySide(name), inclusion].map((one) => `\`${one}\``)
}

describe('the table of checks in the specification', () => {
  it('is the table of the code', () => {
    const rows = specified.map(({ name, layer, code }) => [name, { layer, code }] as const)
    expect(rows.length).toBe(new Set(rows.map(([name]) => name)).size)
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(CHECK_TABLE))
  })

  it('has the layers in their order', () => {
    const found = specified.map(({ layer }) => layer).filter((layer, index, all) => layer !== all[index - 1])
    expect(found).toEqual(VALIDATION_LAYERS)
  })

  it('has the order in which the checks of a layer are asked', () => {
    const placeOf = new Map(specified.map(({ name }, index) => [name, index]))
    // What has an index is asked for one index after the other: the first stands for all.
    const isFirst = ({ name }: ProofCheck) => !/\[[1-9]/.test(name)
    for (const { checks } of layers) {
      const places = checks.filter(isFirst).map(({ name }) => placeOf.get(checkName(name)) ?? -1)
      const names = checks.map(({ name }) => name)
      expect({ names, places }).toEqual({ names, places: places.toSorted((one, other) => one - other) })
    }
  })

  it('names for each check a clause that tells what it asks', () => {
    const untold = specified.filter(({ name, clause }) => {
      if (/\.(?:form|present)$/.test(name) && clause === '12.2') return false
      const text = clauseText(clause)
      return !spellings(name).some((spelling) => text.includes(spelling))
    })
    expect(untold).toEqual([])
  })
})

describe('the tables of levels and owners in the specification', () => {
  it('names what levels ask for, and nothing else', () => {
    const wanted = layers.flatMap(({ checks }) => checks.filter(({ wanting }) => wanting === true))
    const names = wanted.map(({ name }) => bySide(name)).filter((name) => !name.endsWith('.present'))
    expect(specifiedWants().toSorted()).toEqual([...new Set(names)].toSorted())
  })

  it('says of every member of a bundle who owns it', () => {
    const owners = specifiedOwners()
    const members = [
      'format',
      'identity',
      'authority',
      'intent',
      'execution',
      'logs',
      'witnesses',
      'disclosures',
      'anchors',
    ]
    const isOwned = (member: string) => owners.some(({ place }) => place.source.startsWith(`^${member}`))
    expect(members.filter((member) => !isOwned(member))).toEqual([])
    expect(owners.every(({ layers: own }) => own.length > 0)).toBe(true)
  })
})
