/** Denials for people, machines and models. */
import { parseDenial } from '@talos/contracts'
import { ERROR_TABLE } from '@talos/errors'
import { describe, expect, test } from 'vitest'
import { denialOf } from '../src/denial.ts'
import { argumentsFromJson, denial, denialPath, denialToJson, explainDenial, modelMessage } from '../src/index.ts'
import { bob, call, decide, grant, NOW_S, owner } from './actors.ts'
import { bare, byChannel, Executor } from './executor.ts'

const SECRET = 'hunter2 is the password of the database'

async function refused(): Promise<ReturnType<typeof denial>> {
  const link = await grant({
    rules: [
      ['enum', '.mode', ['fast', SECRET]],
      ['range', '.max', 1, 50],
      ['len', '.title', null, null],
      ['subpath', '.path', ['/srv/data', '/srv/with space']],
      ['len', '.tags', 1, null],
      ['range', '.least', null, 3],
    ],
    policy: [['like', `.["${SECRET}"]?`, '*']],
  })
  const args = argumentsFromJson(
    JSON.stringify({
      mode: SECRET.toUpperCase(),
      max: 51,
      path: `/${SECRET}`,
      [`${SECRET}!`]: SECRET,
      tags: [],
      least: 4,
      title: 1,
    }),
  )
  const verdict = decide(await call([link], { args }), [link])
  if (verdict.outcome === 'allow') throw new Error('was allowed')
  return verdict.cause
}

describe('a denial', () => {
  test('is explained as indented lines, from the verdict to what to do', async () => {
    const link = await grant({ expiresS: NOW_S - 2 })
    const verdict = decide(await call([link]), [link])
    if (verdict.outcome === 'allow') throw new Error('was allowed')
    expect(explainDenial(verdict.cause)).toBe(
      [
        'the call is not allowed [CAPABILITY_DENIED]',
        '  delegation 0 ended 2 seconds ago at proofs[0] [CAPABILITY_EXPIRED]',
        "    Ask its issuer for a new one, and check this machine's clock.",
      ].join('\n'),
    )
  })

  test('has a JSON form that the contract knows', async () => {
    const json: unknown = JSON.parse(JSON.stringify(denialToJson(await refused())))
    expect(parseDenial(json)).toMatchObject({
      code: 'CAPABILITY_DENIED',
      causes: [{ code: 'CAPABILITY_ARGUMENTS', path: 'proofs[0]' }],
    })
  })

  test('shortens to the codes of its first branch', async () => {
    expect(denialPath(await refused())).toEqual([
      'CAPABILITY_DENIED',
      'CAPABILITY_ARGUMENTS',
      'CAPABILITY_ARGUMENT_UNKNOWN',
    ])
  })

  test('tells a model what to correct and nothing else', async () => {
    expect(modelMessage(await refused())).toBe(
      [
        'The call is not allowed with these arguments:',
        '- (a name of 40 characters) is not among the arguments that the grant names',
        '- (a name of 39 characters) does not satisfy the condition "like"',
        '- mode must be fast or (a text of 39 characters)',
        '- max must be an integer from 1 to 50',
        '- title must have a length of at least 0 (bytes of a text, items of a list)',
        '- path must be a plain absolute path at or below /srv/data or (a text of 15 characters)',
        '- tags must have a length of at least 1 (bytes of a text, items of a list)',
        '- least must be an integer of at most 3',
      ].join('\n'),
    )
  })

  test('never repeats a value, a sentence or a key, in any of its forms', async () => {
    const cause = await refused()
    for (const form of [
      explainDenial(cause),
      JSON.stringify(denialToJson(cause)),
      modelMessage(cause),
      JSON.stringify(cause),
    ]) {
      expect(form.toLowerCase()).not.toContain('hunter2')
      expect(form).not.toContain(owner.did)
    }
  })

  test('a long list of choices is counted, not told', async () => {
    const values = Array.from({ length: 20 }, (_, index) => index)
    const link = await grant({
      rules: [
        ['enum', '.n', values],
        ['range', '.m?', null, null],
      ],
    })
    const verdict = decide(await call([link], { args: { n: 99, m: 'x' } }), [link])
    if (verdict.outcome === 'allow') throw new Error('was allowed')
    const message = modelMessage(verdict.cause)
    expect(message).toContain('n must be 0 or 1 or 2 or 3 or 4 or 5 or 6 or 7 or one of 12 others')
    expect(message).toContain('m must be an integer of any size')
  })

  test('a model hears one plain sentence where its arguments are not at fault', async () => {
    const sentence = (code: Parameters<typeof denial>[0]): string =>
      modelMessage(denial('CAPABILITY_DENIED', { causes: [denial(code, { details: { what: 'x', link: 0 } })] }))
    expect(sentence('CAPABILITY_EXPIRED')).toBe('The permission or the call has run out of time.')
    expect(sentence('CAPABILITY_REPLAY')).toBe('This very call was made before; make a new one.')
    expect(sentence('CAPABILITY_UNKNOWN_TOOL')).toBe('There is no such tool.')
    expect(sentence('CAPABILITY_REVOKED')).toBe('You have no permission for this call.')
    expect(sentence('CAPABILITY_SUBJECT')).toBe('You have no permission for this call.')
  })

  test('a model learns of limits, approvals, keys and policies that there are some, never which', () => {
    const LEAK = 'leaked-name'
    const details = Object.fromEntries(
      Object.values(ERROR_TABLE)
        .flatMap(({ message }) => [...message.matchAll(/\{(\w+)\}/g)].map((match) => String(match[1])))
        .map((name) => [name, LEAK]),
    )
    const correctable = new Set(['CAPABILITY_ARGUMENT', 'CAPABILITY_ARGUMENT_UNKNOWN', 'CAPABILITY_ARGUMENT_ABSENT'])
    for (const code of Object.keys(ERROR_TABLE) as (keyof typeof ERROR_TABLE)[]) {
      const leaf = denial(code, { details, path: `proofs[0].${LEAK}` })
      const told = modelMessage(
        denial('CAPABILITY_DENIED', { causes: [{ ...leaf, causes: [denial(code, { details })] }] }),
      )
      expect(told.includes(LEAK)).toBe(correctable.has(code))
      expect(correctable.has(code) ? 'A sentence.' : told).toMatch(/^[A-Z][a-z ;]+\.$/)
    }
    const sentence = (code: Parameters<typeof denial>[0]) =>
      modelMessage(denial('CAPABILITY_DENIED', { causes: [denial(code, { details })] }))
    expect(sentence('CAPABILITY_RATE')).toBe('Too many calls at the moment; try again later.')
    expect(sentence('CAPABILITY_CALLS')).toBe('The allowance for calls like this is used up.')
    expect(sentence('CAPABILITY_BUDGET')).toBe('The allowance for calls like this is used up.')
    expect(sentence('CAPABILITY_TIME_WINDOW')).toBe('The permission is not in force at this time.')
    expect(sentence('CAPABILITY_JUSTIFICATION')).toBe('A call of this tool must come with the reason for it.')
    expect(sentence('CAPABILITY_APPROVAL')).toBe('Somebody must approve this call before it is made.')
    expect(sentence('CAPABILITY_EPOCH')).toBe('This very call was made before; make a new one.')
    expect(sentence('CAPABILITY_STALE')).toMatch(/try again later\.$/)
    expect(sentence('CAPABILITY_KEY')).toBe('You have no permission for this call.')
    expect(sentence('CAPABILITY_POLICY_DENIED')).toBe('You have no permission for this call.')
    expect(sentence('CAPABILITY_PROOF_LEVEL')).toBe('You have no permission for this call.')
  })

  test('about approvals names the approvers to the executor alone', async () => {
    const executor = new Executor()
    const link = await grant({ need: 'channel', approvals: { m: 2, of: [bob.did, owner.did] } })
    const verdict = executor.decide(byChannel(bare([link])), [link])
    if (verdict.outcome !== 'refer') throw new Error('was not referred')
    expect(explainDenial(verdict.cause)).toContain(bob.did)
    expect(modelMessage(verdict.cause)).toBe('Somebody must approve this call before it is made.')
    expect(parseDenial(JSON.parse(JSON.stringify(denialToJson(verdict.cause)))).code).toBe('CAPABILITY_DENIED')
  })

  test('reports at most 16 reasons per link', async () => {
    const link = await grant({ rules: [['known', '.a?']] })
    const args = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x${index}`, 1]))
    const verdict = decide(await call([link], { args }), [link])
    if (verdict.outcome === 'allow') throw new Error('was allowed')
    expect(verdict.cause.causes.at(0)?.causes).toHaveLength(16)
  })

  test('keeps a parser’s code and refuses to wrap a defect', () => {
    const defect = new RangeError('a defect')
    expect(() => denialOf(defect)).toThrow(defect)
  })

  test('names the place of a selector in the words of the grant', async () => {
    const link = await grant({
      rules: [
        ['range', '.a[0].b', 1, 1],
        ['range', '.a[1:]', 1, 1],
        ['range', '.a[:2][]', 1, 1],
        ['range', '.["a"]', 1, 1],
      ],
    })
    const verdict = decide(await call([link], { args: { a: [{ b: 2 }, 7] } }), [link])
    if (verdict.outcome === 'allow') throw new Error('was allowed')
    expect(modelMessage(verdict.cause).split('\n').slice(1)).toEqual([
      '- a[0].b must be an integer from 1 to 1',
      '- a[1:] must be an integer from 1 to 1',
      '- a[:2][] must be an integer from 1 to 1',
      '- a must be an integer from 1 to 1',
    ])
    const whole = await grant({ policy: [['==', '.', {}]], audience: bob.did })
    const chain = [whole, await grant({ signer: bob })]
    const other = decide(await call(chain, { args: { a: 1 } }), chain)
    expect(other).toMatchObject({
      cause: { causes: [{ causes: [{ message: 'the value does not satisfy the condition "=="' }] }] },
    })
  })
})
