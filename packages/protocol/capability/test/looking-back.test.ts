/** Looking back at a call that its executor has decided on. */
import { expect, test } from 'vitest'
import { bob, call, decide, grant, leafCode, memoryRevocations, NOW_S, owner } from './actors.ts'

test('a look back takes what only the executor could see to hold, and no more', async () => {
  const hours = (from: number, to: number) => ['time', [[[1, 2, 3, 4, 5, 6, 7], from, to]], 0]
  const minute = Math.floor((NOW_S % 86_400) / 60)
  const link = await grant({
    limits: [['calls', 1]],
    when: [['env', 'zone', ['a']], hours(minute, minute + 1)],
    approvals: { m: 1, of: [bob.did] },
    rules: [['known', '.a?']],
  })
  const back = async (changes: Parameters<typeof decide>[2], args = {}) =>
    leafCode(decide(await call([link], { args }), [link], { lookingBack: true, ...changes }))
  expect(await back({})).toBe('allow')
  expect(await back({ lookingBack: false })).toBe('CAPABILITY_ENVIRONMENT')
  expect(await back({}, { b: 1 })).toBe('CAPABILITY_ARGUMENT_UNKNOWN')
  expect(await back({ revocations: memoryRevocations({ cid: link.cid, by: owner.did }) })).toBe('CAPABILITY_REVOKED')
  // The clocks may have differed by the leeway, and by no more.
  for (const skewS of [-240, 240]) {
    const at = { nowS: NOW_S + skewS, maxLifetimeS: 600 }
    expect(await back({ ...at, leewayS: 240 })).toBe('allow')
    expect(await back({ ...at, leewayS: 0, nowS: NOW_S + skewS / 12 })).toBe(
      skewS < 0 ? 'CAPABILITY_TIME_WINDOW' : 'allow',
    )
  }
  for (const [nowS, leewayS, expected] of [
    [10, 60, 'allow'],
    [100, 60, 'allow'],
    [100, 30, 'CAPABILITY_TIME_WINDOW'],
  ] as const) {
    const then = await call([link], { issuedAtS: 90 })
    expect(leafCode(decide(then, [link], { lookingBack: true, maxLifetimeS: null, nowS, leewayS }))).toBe(expected)
  }
})
