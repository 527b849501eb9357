/** docs/audit.md: every command line is run, in its order, on a real agent, and does what the page says. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseWitnessPolicy } from '@talos/audit'
import { loadKernel } from '@talos/kernel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Home, type Ran, type Running } from './talos.ts'

const DOC = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'audit.md'), 'utf8')
const lines = DOC.split('\n')
  .filter((line) => /^ {4}talos audit /.test(line))
  .map((line) => line.trim())
/** What ends with another exit code than 0, since nobody cosigns here. */
const EXIT_CODES: Readonly<Record<string, number>> = { '--policy': 3 }

const home = new Home()
const values: Record<string, string> = {}
let serving: Running

beforeAll(async () => {
  values['DID'] = await home.init('box')
  values['FOLDER'] = join(home.path, 'agents', 'box')
  values['PEER'] = values['DID']
  const words = ['capabilities', 'grant', '--to', values['DID'], '--server', 'files', '--tool', 'read_text_file']
  values['CAPABILITY'] = (await home.json<{ cid: string }>([...words, '--for', '15m'])).cid
  values['HASH'] = (await home.json<{ hash: string }>(['audit', 'show', '1'])).hash
  writeFileSync(join(home.path, 'witnesses.txt'), await policyText())
  await home.run(['audit', 'root', '--sign'])
  serving = home.start(['audit', 'serve', '--json'])
  const [line] = await serving.lines(1)
  values['URL'] = (JSON.parse(`${line}`) as { url: string }).url
})

afterAll(async () => {
  await serving.stop()
  home[Symbol.dispose]()
})

/** One witness that never signs. */
async function policyText(): Promise<string> {
  const text = 'witness w talos/witness/nobody+00000000+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nquorum w\n'
  const { formatVerifierKey, NOTE_COSIGNATURE, verifierKey } = await import('@talos/merkle')
  const kernel = loadKernel()
  const publicKey = kernel.ed25519PublicKey(new Uint8Array(32).fill(7))
  const key = formatVerifierKey(
    verifierKey({ name: 'talos/witness/nobody', type: NOTE_COSIGNATURE, publicKey, kernel }),
  )
  const policy = text.replace(/talos\/witness\S+/, key)
  parseWitnessPolicy(policy, { kernel })
  return policy
}

/** As a shell would; files lie in the home. */
function wordsOf(line: string): string[] {
  return line
    .split(' ')
    .slice(1)
    .map((word) => word.replace(/^\$([A-Z]+)$/, (_, name: string) => `${values[name]}`))
    .map((word) => (/^[a-z]+\.(ndjson|csv|json|txt)$/.test(word) ? join(home.path, word) : word))
}

const goesOn = (line: string): boolean => / (-f|--watch)\b/.test(line)

async function end(line: string): Promise<Pick<Ran, 'code' | 'stderr'>> {
  if (!goesOn(line)) return await home.run(wordsOf(line))
  const running = home.start(wordsOf(line))
  // What begins with nothing prints what comes, once it looks.
  while (line.includes('-n 0') && running.stdout === '') {
    await home.run(['capabilities', 'grant', '--to', `${values['DID']}`, '--server', 'files', '--for', '15m'])
  }
  await running.lines(1)
  return { code: await running.stop(), stderr: running.stderr }
}

describe('docs/audit.md', () => {
  it('shows command lines', () => {
    expect(lines.length).toBeGreaterThan(20)
  })

  it.each(lines)('%s', async (line) => {
    const { code, stderr } = await end(line)
    const option = Object.keys(EXIT_CODES).find((word) => line.includes(word))
    expect([code, stderr]).toEqual([option === undefined ? 0 : EXIT_CODES[option], ''])
  })

  it('left the files that it names, and a state of less than 4 KiB', () => {
    for (const name of ['all.ndjson', 'week.csv', 'proven.ndjson']) expect(existsSync(join(home.path, name))).toBe(true)
    expect(readFileSync(join(home.path, 'box.json')).length).toBeLessThan(4096)
  })

  it('names the columns and members that there are', () => {
    const proven = readFileSync(join(home.path, 'proven.ndjson'), 'utf8').trimEnd().split('\n')
    const members = proven.map((line) => Object.keys(JSON.parse(line) as object))
    expect(members[0]).toEqual(['format', 'origin', 'size', 'checkpoint', 'logKeys', 'keyLog'])
    expect(members[1]).toEqual(['index', 'hash', 'entry', 'bytes', 'proof'])
    expect(members.at(-1)).toEqual(['end'])
  })
})
