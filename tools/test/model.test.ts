import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ModelEntry, modelText, readCatalogue } from '../src/model/catalogue.ts'
import { parseTemplate, renderModel, TemplateError } from '../src/model/render.ts'
import { readReport } from '../src/model/verifpal.ts'

const NOTHING = { flags: [], queries: [] }

describe('a model template', () => {
  const text = ['one', '//#if a b', 'two', '//#if !c', 'three', '//#end', '//#else', 'four', '//#end', 'five'].join(
    '\n',
  )
  const rendered = (flags: readonly string[]): string[] =>
    renderModel(parseTemplate(text), { flags, queries: ['confidentiality? m'] }).split('\n')

  it.each([
    [['a'], 'two three'],
    [['b', 'c'], 'two'],
    [[], 'four'],
    [['c'], 'four'],
  ])('with the flags %j keeps what they ask for', (flags, kept) => {
    expect(rendered(flags)).toEqual(['one', ...kept.split(' '), 'five', 'queries[', '\tconfidentiality? m', ']', ''])
  })

  it('refuses a flag that no directive names, so that a misspelt mutation cannot pass for the protocol', () => {
    expect(() => rendered(['d'])).toThrow(TemplateError)
  })

  it.each(['//#end', '//#else', '//#if a', '//#if a\n//#otherwise\n//#end'])(
    'refuses directives that do not fit: %j',
    (bad) => {
      expect(() => renderModel(parseTemplate(bad), NOTHING)).toThrow(TemplateError)
    },
  )
})

describe('the catalogue of models', () => {
  const { models } = readCatalogue()
  const named = models.map((entry): [string, ModelEntry] => [entry.id, entry])

  it('names every model once', () => {
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length)
  })

  it.each(named)('%s renders, and asks only about values that the model has', (_, entry) => {
    const text = modelText(entry)
    const body = text.slice(0, text.indexOf('queries['))
    for (const query of Object.keys(entry.expect)) {
      const values = query.replace(/^.*[?:] /, '').split(', ')
      for (const value of values) expect(body).toMatch(new RegExp(`\\b${value}\\b`))
    }
  })

  it('expects an attack where a claim says that healing has not come yet, and of limits and mutations', () => {
    const claims = models.filter(({ kind }) => kind === 'claim')
    const attacked = claims.filter(({ expect }) => Object.values(expect).includes('attack')).map(({ id }) => id)
    expect(attacked).toEqual(['healing-responder', 'healing-quantum-with-step'])
  })

  it('has every model in the README, with its claim', () => {
    const readme = readFileSync(join(import.meta.dirname, '..', '..', 'conformance', 'model', 'README.md'), 'utf8')
    for (const { id, claim } of models) expect(readme).toContain(`| \`${id}\` | ${claim} |`)
  })

  it('has a flag of each template in use', () => {
    const used = new Set(models.flatMap(({ flags }) => flags))
    for (const name of ['onetime', 'deniable', 'confirm', 'no_ctx', 'no_ct', 'no_dh1', 'no_mix'])
      expect(used).toContain(name)
  })
})

describe('a report of Verifpal', () => {
  const query = (fields: object): object => ({
    query: 'q',
    summary: 's',
    resolved: false,
    envelope: { exhausted: true },
    ...fields,
  })
  const report = (fields: object): string =>
    JSON.stringify({ models: [{ ok: true, analysis: { queries: [query(fields)] } }] })

  it.each([
    [{}, 'holds'],
    [{ envelope: { exhausted: false } }, 'unfinished'],
    [{ resolved: true }, 'attack'],
    [{ resolved: true, subtype: 'duplicate acceptance: no recipient-generated context' }, 'replay'],
  ])('with %j reads as %s', (fields, verdict) => {
    expect(readReport(report(fields)).verdicts).toEqual({ q: verdict })
  })

  it('that refuses the model is an error and no verdict', () => {
    expect(() =>
      readReport(JSON.stringify({ models: [{ ok: false, error: 'this check fails in the honest run' }] })),
    ).toThrow('this check fails in the honest run')
  })
})
