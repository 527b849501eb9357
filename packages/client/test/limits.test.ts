/** Limits of capabilities over real agents and a real server (spec 16-metering, 14-mcp 14.6). */
import { openReceipt } from '@talos/capability'
import { describe, expect, it } from 'vitest'
import { Stage } from './stage.ts'

/** The most `wait` calls that ran at a time. */
function mostAtOnce(notes: readonly string[]): number {
  let [running, most] = [0, 0]
  for (const word of notes) {
    running += word === 'begin' ? 1 : -1
    most = Math.max(most, running)
  }
  return most
}

describe('limits of a capability', () => {
  it('count calls over a restart of the executor', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice', { limits: [['calls', 3]] })
    expect(await stage.call('alice', 'say')).toMatchObject({ outcome: 'allow' })
    expect(await stage.call('alice', 'say')).toMatchObject({ outcome: 'allow' })
    await stage.restartBob()
    expect(await stage.call('alice', 'say')).toMatchObject({ outcome: 'allow' })
    expect(await stage.refusal('alice', 'say')).toBe('CAPABILITY_CALLS')
    await stage.restartBob()
    expect(await stage.refusal('alice', 'say')).toBe('CAPABILITY_CALLS')
  })

  it('hold for two siblings together, whatever they do at once', async () => {
    await using stage = await Stage.with(['alice', 'carol', 'dave'], {
      talos: { servers: { tools: { proof: 'channel', receipt: 'batch' } } },
    })
    const parent = await stage.grant('alice', {
      limits: [
        ['calls', 9],
        ['concurrency', 2],
      ],
      depth: 1,
      need: 'channel',
    })
    await expect.poll(() => stage.of('alice').listCapabilities('received').length).toBe(1)
    await stage.passOn('alice', 'carol', { parent, need: 'channel', limits: [['calls', 8]] })
    await stage.passOn('alice', 'dave', { parent, need: 'channel' })
    const attempts = ['carol', 'dave'] as const
    let allowed = 0
    const codes = new Set<string | undefined>()
    for (let round = 0; round < 4; round += 1) {
      const calls = attempts.flatMap((name) =>
        [1, 2, 3].map(async () => await stage.call(name, 'wait', { arguments: { ms: 60 } })),
      )
      for (const { outcome, denial } of await Promise.all(calls)) {
        if (outcome === 'allow') allowed += 1
        else codes.add(denial?.code)
      }
    }
    expect(mostAtOnce(stage.notes)).toBe(2)
    expect(allowed).toBe(stage.notes.filter((word) => word === 'begin').length)
    expect(allowed).toBeLessThanOrEqual(9)
    expect(codes).toContain('CAPABILITY_CONCURRENCY')
    while ((await stage.call('dave', 'say')).outcome === 'allow') allowed += 1
    expect(allowed).toBe(9)
    expect(await stage.refusal('carol', 'say')).toBe('CAPABILITY_CALLS')
  })

  it('slow down what comes too fast, and say for how long', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice', { limits: [['rate', 1, 3600, 2]] })
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    const { outcome, denial } = await stage.call('alice', 'say')
    expect([outcome, denial?.code]).toEqual(['deny', 'CAPABILITY_RATE'])
  })

  it('withhold a result that is larger than what is left, and the receipt says so', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice', { limits: [['bytes', 20_000]] })
    expect((await stage.call('alice', 'large', { arguments: { size: 1_000 } })).outcome).toBe('allow')
    const large = await stage.call('alice', 'large', { arguments: { size: 50_000 } })
    expect(large).toMatchObject({ outcome: 'error', content: undefined, failure: { code: 'CAPABILITY_BYTES' } })
    expect(openReceipt(large.receipt, { kernel: stage.of('alice').kernel }).outcome).toBe('error')
    expect((await stage.call('alice', 'large', { arguments: { size: 1_000 } })).outcome).toBe('allow')
  })

  it('spend budgets by an argument and by what the tool costs', async () => {
    await using stage = await Stage.with(['alice', 'carol'], {
      talos: { servers: { tools: { tools: { say: { cost: { credit: 4 } } } } } },
    })
    await stage.grant('alice', { limits: [['budget', 'credit', 10]] })
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    expect((await stage.call('alice', 'say')).outcome).toBe('allow')
    expect(await stage.refusal('alice', 'say')).toBe('CAPABILITY_BUDGET')
    expect(await stage.refusal('alice', 'fail')).toBe('CAPABILITY_COST')
    await stage.grant('carol', {
      limits: [['budget', 'byte', 5_000, '.size']],
      rules: [['range', '.size', 0, 4_000]],
    })
    const large = async (size: number) => await stage.call('carol', 'large', { arguments: { size } })
    expect((await large(3_000)).outcome).toBe('allow')
    expect(await large(3_000)).toMatchObject({ outcome: 'deny', denial: { code: 'CAPABILITY_BUDGET' } })
    expect((await large(2_000)).outcome).toBe('allow')
  })

  it('are not charged by what is refused for another reason, nor by a look', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice', { limits: [['calls', 1]], rules: [['enum', '.words', ['yes']]] })
    const question = { holder: stage.did('alice'), server: 'tools', tool: 'say', arguments: { words: 'yes' } }
    for (let count = 0; count < 3; count += 1) {
      expect(await stage.refusal('alice', 'say', { arguments: { words: 'no' } })).toBe('CAPABILITY_ARGUMENT')
      expect(stage.of('bob').explainCall(question).outcome).toBe('allow')
    }
    expect((await stage.call('alice', 'say', { arguments: { words: 'yes' } })).outcome).toBe('allow')
    const after = stage.of('bob').explainCall(question)
    expect(after).toMatchObject({ outcome: 'deny', remaining: [{ limits: [{ kind: 'calls', limit: 1, left: 0 }] }] })
  })

  it('hold only where the environment is the one that the capability names', async () => {
    await using stage = await Stage.with(['alice'], { talos: { environment: { stage: 'production' } } })
    await stage.grant('alice', { tool: { server: 'tools', tool: 'say' }, when: [['env', 'stage', ['test']]] })
    await stage.grant('alice', { tool: { server: 'tools', tool: 'fail' }, when: [['env', 'stage', ['production']]] })
    expect(await stage.refusal('alice', 'say')).toBe('CAPABILITY_ENVIRONMENT')
    expect(await stage.call('alice', 'fail')).toMatchObject({ outcome: 'error' })
  })
})
