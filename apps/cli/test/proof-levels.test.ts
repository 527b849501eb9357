/** `talos proof verify` by level, policy, blocks and key logs, and its reports: on the vectors, without any agent. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseProofReport } from '@talos/contracts'
import { repoVectors, tempFolder } from '@talos/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { errorOf, Home, type Ran } from './talos.ts'

const home = new Home()
const folder = tempFolder()
const nowhere = { passphrase: null, environment: { TALOS_HOME: join(folder.path, 'nowhere') } }

afterAll(() => {
  home[Symbol.dispose]()
  folder[Symbol.dispose]()
})

type Input = Readonly<Record<string, unknown>>

interface Block {
  readonly chainId: number
  readonly number: number
  readonly hashHex: string
}

interface Report {
  readonly file: string
  readonly verdict: string
  readonly code: string | null
  readonly completeness: { readonly missing: readonly string[] }
}

function fileOf(name: string, content: string): string {
  const path = join(folder.path, name)
  writeFileSync(path, content)
  return path
}

function inputOf(file: string, description: string): Input {
  const found = repoVectors(file).cases.find((vector) => vector.description === description)
  if (found === undefined) throw new Error(`no vector of ${description}`)
  return found.input
}

const whole = inputOf('proof/full.json', 'everything, asked of the most')
const bare = inputOf('proof/valid.json', 'a call and its result')
const wholeFile = fileOf('whole.talosproof', String(whole['bundle']))
const bareFile = fileOf('bare.talosproof', String(bare['bundle']))
const badFile = fileOf('bad.talosproof', String(bare['bundle']).replace('"receipt":"g', '"receipt":"h'))
const noFile = fileOf('no.talosproof', 'no proof')
const policyFile = fileOf('policy.txt', String(whole['policy']))
const blocks = (whole['blocks'] as readonly Block[]).map(
  ({ chainId, number, hashHex }) => ['--block', `${chainId}:${number}:0x${hashHex}`] as const,
)

const verify = async (...words: readonly string[]): Promise<Ran> =>
  await home.run(['proof', 'verify', ...words], nowhere)

async function report(...words: readonly string[]): Promise<readonly [code: number | null, report: Report]> {
  const ran = await verify(...words, '--json')
  expect(ran.stderr).toBe('')
  return [ran.code, JSON.parse(ran.stdout) as Report]
}

describe('levels of proof verify', () => {
  it.each([
    ['minimal', 0, 'valid', null],
    ['standard', 0, 'valid', null],
    ['strict', 3, 'incomplete', 'PROOF_UNWITNESSED'],
    ['paranoid', 3, 'incomplete', 'PROOF_UNWITNESSED'],
  ])('at %s, a proof that nobody else saw ends with %i: %s', async (level, exitCode, verdict, code) => {
    const [ended, said] = await report(bareFile, '--level', level)
    expect([ended, said.verdict, said.code]).toEqual([exitCode, verdict, code])
  })

  it('say to people what is missing, and that the rest holds', async () => {
    const { code, stdout } = await verify(bareFile, '--level', 'strict')
    expect(code).toBe(3)
    expect(stdout).toMatch(/^INCOMPLETE: proves a call and its outcome\n/)
    expect(stdout).toMatch(/^level: strict, which asks for more \(.*PROOF_UNWITNESSED/m)
    expect(stdout).toMatch(/^integrity: intact$/m)
    const shown = await home.run(['proof', 'show', bareFile, '--level', 'strict'], nowhere)
    expect(shown.code).toBe(3)
    expect(shown.stdout).toMatch(/^ {2}lacks logs\.agent\.witnessed \[PROOF_UNWITNESSED\]$/m)
  })

  it('let everything through where policy and blocks are known, and less without them', async () => {
    const paranoid = [wholeFile, '--level', 'paranoid', '--policy', policyFile]
    expect(await report(...paranoid, ...blocks.flat())).toMatchObject([0, { verdict: 'valid', code: null }])
    const [code, said] = await report(...paranoid)
    expect([code, said.verdict, new Set(said.completeness.missing)]).toEqual([
      3,
      'incomplete',
      new Set(['PROOF_UNANCHORED']),
    ])
    const other = blocks.flatMap(([option, block]) => [option, block.replace(/.{4}$/, '0000')])
    expect((await report(...paranoid, ...other))[0]).toBe(3)
  })

  it('hold the witnesses to the policy', async () => {
    const strangers = fileOf(
      'strangers.txt',
      String(inputOf('proof/full.json', 'witnesses that the policy does not know')['policy']),
    )
    expect(await report(wholeFile, '--level', 'strict', '--policy', policyFile)).toMatchObject([
      0,
      { verdict: 'valid' },
    ])
    expect(await report(wholeFile, '--level', 'strict', '--policy', strangers)).toMatchObject([
      3,
      { verdict: 'incomplete', code: 'PROOF_UNWITNESSED' },
    ])
    // What the level does not ask about does not count.
    expect((await report(wholeFile, '--policy', strangers))[0]).toBe(0)
  })

  it('are four', async () => {
    const ran = await verify(bareFile, '--level', 'most')
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toContain('minimal, standard, strict, paranoid')
  })

  it('calls lists of revocations fresh that are as old as the verifier allows', async () => {
    const { bundle } = inputOf('proof/full.json', 'a list that was older than clocks differ')
    const file = fileOf('older.talosproof', String(bundle))
    const missing = async (...words: readonly string[]) => {
      const [, { completeness }] = await report(file, '--level', 'strict', ...words)
      return completeness.missing
    }
    expect(await missing()).toEqual(['PROOF_REVOCATIONS_STALE'])
    expect(await missing('--max-stale', '5m')).toEqual(['PROOF_REVOCATIONS_STALE'])
    expect(await missing('--max-stale', '10m')).toEqual([])
    const refused = await verify(file, '--max-stale', 'soon', '--json')
    expect([refused.code, errorOf(refused).code]).toEqual([2, 'CLI_OPTION_INVALID'])
  })
})

describe('what proof verify is given besides', () => {
  it.each([
    ['--policy', 'witness only'],
    ['--policy', ''],
    ['--key-log', '{}'],
    ['--key-log', 'hello\n'],
  ])('is refused where %s names a file with %j', async (option, content) => {
    const ran = await verify(bareFile, option, fileOf('setting', content), '--json')
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([2, '', 'CLI_OPTION_INVALID'])
    const missing = await verify(bareFile, option, join(folder.path, 'missing'), '--json')
    expect([missing.code, errorOf(missing).code]).toEqual([2, 'CLI_FILE_UNREADABLE'])
  })

  it.each([
    '1:2',
    `1:2:${'0'.repeat(64)}`,
    `1:2:0x${'G'.repeat(64)}`,
    `01:2:0x${'0'.repeat(64)}`,
    `0:2:0x${'0'.repeat(64)}`,
    '',
  ])('is refused where --block is %j', async (block) => {
    const ran = await verify(bareFile, '--block', block, '--json')
    expect([ran.code, ran.stdout, errorOf(ran).code]).toEqual([2, '', 'CLI_OPTION_INVALID'])
  })

  it('makes a call invalid by a key that is known as lost since', async () => {
    const cases = repoVectors('proof/history-refused.json').cases
    const [stolen] = cases.filter(({ input }) => Array.isArray(input['keyLogs']))
    const { bundle, keyLogs } = stolen?.input ?? {}
    const file = fileOf('stolen.talosproof', String(bundle))
    const [code, said] = await report(file, '--key-log', fileOf('did.jsonl', String(keyLogs)))
    expect([code, said.verdict, said.code]).toEqual([1, 'invalid', stolen?.valid === false ? stolen.error : undefined])
    expect((await report(file))[0]).toBe(0)
  })
})

describe('reports of proof verify', () => {
  it('are JSON of the schema, one object for each file, with the worst exit code', async () => {
    for (const [files, expected] of [
      [[bareFile, wholeFile], 0],
      [[bareFile, badFile, noFile], 1],
      [[bareFile, noFile], 2],
    ] as const) {
      const ran = await verify(...files, '--report', 'json')
      const lines = ran.stdout.trimEnd().split('\n')
      expect([ran.code, lines.length]).toEqual([expected, files.length])
      for (const [index, line] of lines.entries()) {
        const { file, ...said } = JSON.parse(line) as Report
        expect(file).toBe(files[index])
        expect(parseProofReport(said)).toEqual(said)
      }
    }
    expect((await verify(bareFile, noFile, '--level', 'strict')).code).toBe(2)
    expect((await verify(bareFile, wholeFile, '--level', 'strict')).code).toBe(3)
  })

  it('are Markdown with a row for each check, and the same exit codes', async () => {
    const good = await verify(wholeFile, '--report', 'markdown')
    expect([good.code, good.stderr]).toEqual([0, ''])
    expect(good.stdout).toMatch(/^# Proof: VALID: proves a call and its outcome\n/)
    expect(good.stdout).toMatch(/^\| chain \| logs\.agent\.consistency \| yes \| {2}\| {2}\|$/m)
    const bad = await verify(badFile, '--report', 'markdown')
    expect(bad.code).toBe(1)
    expect(bad.stdout).toMatch(/^# Proof: NOT VALID\n/)
    expect(bad.stdout).toMatch(/^\| structural \| execution\.receipt \| no \| PROOF_EXECUTION_RECEIPT \|/m)
    const lacking = await verify(bareFile, '--report', 'markdown', '--level', 'strict')
    expect(lacking.code).toBe(3)
    expect(lacking.stdout).toMatch(/\| missing \| PROOF_UNWITNESSED \|/)
  })

  it('are counted in a new file, and in no other', async () => {
    const metrics = join(folder.path, 'proofs.prom')
    expect((await verify(bareFile, badFile, '--metrics', metrics)).code).toBe(1)
    const text = readFileSync(metrics, 'utf8')
    expect(text).toContain('talos_proof_verifications_total{level="standard",verdict="valid"} 1\n')
    expect(text).toContain('talos_proof_verifications_total{level="standard",verdict="invalid"} 1\n')
    const again = await verify(bareFile, '--metrics', metrics, '--json')
    expect([again.code, again.stdout, errorOf(again).code]).toEqual([2, '', 'CLI_FILE_UNWRITABLE'])
    expect(readFileSync(metrics, 'utf8')).toBe(text)
    const refused = join(folder.path, 'refused.prom')
    await verify(bareFile, '--metrics', refused, '--block', 'x')
    expect(existsSync(refused)).toBe(false)
  })
})
