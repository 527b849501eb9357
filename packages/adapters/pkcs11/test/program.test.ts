/** Programs in place of ours that are slow, end, lie, or are none at all. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, toHex, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { ed25519Signer } from '@talos/identity'
import { loadKernel } from '@talos/kernel'
import { type TempFolder, tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { type Pkcs11Signer, type Pkcs11SignerOptions, pkcs11Signer } from '../src/index.ts'

const kernel = loadKernel('portable')
const SEED = new Uint8Array(32).fill(9)
const known = ed25519Signer({ kernel, seed: Secret.of(SEED) })
const READY = `'ready ${toHex(known.publicKey)}'`
const OTHER = `'ready ${toHex(ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32)) }).publicKey)}'`

/**
 * A program that answers by a function of the line, its number in this start, and the number of the start. What it returns is
 * printed with a line end; a number ends the program; undefined is no answer.
 */
const SCRIPT = (answer: string, journal: string): string => `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync } = require('node:fs')
const { createPrivateKey, sign } = require('node:crypto')
const { createInterface } = require('node:readline')
const journal = ${JSON.stringify(journal)}
const start = existsSync(journal) ? readFileSync(journal, 'utf8').split('start').length : 1
appendFileSync(journal, 'start\\n')
const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 9)])
const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
const signed = (line) => 'signed ' + sign(null, Buffer.from(line.split(' ')[1], 'hex'), key).toString('hex')
const answer = ${answer}
let number = 0
createInterface({ input: process.stdin }).on('line', (line) => {
  number += 1
  appendFileSync(journal, line + '\\n')
  const said = answer({ line, number, start, signed })
  if (typeof said === 'number') process.exit(said)
  if (said !== undefined) process.stdout.write(said.endsWith('\\n') ? said : said + '\\n')
})
`
const HONEST = `({ line, signed }) => (line.startsWith('open') ? ${READY} : signed(line))`

interface Played extends Disposable {
  readonly folder: TempFolder
  open(changes?: Partial<Pkcs11SignerOptions>): Promise<Pkcs11Signer>
  journal(): readonly string[]
}

function played(answer: string): Played {
  const folder = tempFolder()
  const [program, journal] = [join(folder.path, 'program.cjs'), join(folder.path, 'journal')]
  writeFileSync(program, SCRIPT(answer, journal))
  chmodSync(program, 0o755)
  return {
    folder,
    open: (changes = {}) =>
      pkcs11Signer({
        kernel,
        module: '/lib/module.so',
        tokenLabel: 'token',
        keyLabel: 'key',
        pin: Secret.of(utf8('4711')),
        program,
        ...changes,
      }),
    journal: () => readFileSync(journal, 'utf8').trim().split('\n'),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

async function refusalOf(work: Promise<unknown>): Promise<object> {
  try {
    await work
  } catch (error) {
    if (isTalosError(error)) return { code: error.code, ...error.details }
    throw error
  }
  return { code: 'accepted' }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

// A script begins with the path of its interpreter, which Windows does not read.
describe.skipIf(process.platform === 'win32')('a program in place of ours', () => {
  it('is asked to open by fields in hexadecimal, then to sign', async () => {
    using play = played(HONEST)
    using signer = await play.open()
    expect(await signer.sign(utf8('x'))).toEqual(await known.sign(utf8('x')))
    const field = (text: string) => Buffer.from(text).toString('hex')
    const [start, open, trial, sign, ...more] = play.journal()
    expect([start, open]).toEqual(['start', `open ${['/lib/module.so', 'token', 'key', '4711'].map(field).join(' ')}`])
    expect([trial, sign, more]).toEqual([`sign ${field('talos/signer/trial\0')}`, 'sign 78', []])
  })

  it('is ended when it does not answer in time, and started anew for the next request', async () => {
    using play = played(
      `({ line, number, start, signed }) => (line.startsWith('open') ? ${READY} : start === 1 && number === 3 ? undefined : signed(line))`,
    )
    using signer = await play.open({ timeoutMs: 2_000 })
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'SIGNER_TIMEOUT', timeoutMs: 2_000 })
    expect(await signer.sign(SEED)).toEqual(await known.sign(SEED))
    expect(play.journal().filter((line) => line === 'start')).toHaveLength(2)
  })

  it('is started anew when it has ended, with a request under way or without', async () => {
    using play = played(
      `({ line, number, start, signed }) => (line.startsWith('open') ? ${READY} : start < 3 && number === 3 ? 1 : signed(line))`,
    )
    using signer = await play.open()
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'SIGNER_ENDED' })
    expect(await signer.sign(SEED)).toEqual(await known.sign(SEED))
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'SIGNER_ENDED' })
    expect(await signer.sign(SEED)).toEqual(await known.sign(SEED))
  })

  it('is started anew after a token that did not sign, and not after a refused PIN', async () => {
    using play = played(
      `({ line, number, start, signed }) => line.startsWith('open')
        ? start === 3 ? 'refused PIN PinIncorrect' : ${READY}
        : number === 3 ? 'refused DEVICE DeviceRemoved' : signed(line)`,
    )
    using signer = await play.open()
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'SIGNER_DEVICE', reason: 'DeviceRemoved' })
    expect(await signer.sign(SEED)).toEqual(await known.sign(SEED))
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'SIGNER_DEVICE', reason: 'DeviceRemoved' })
    const pin = { code: 'SIGNER_PIN', reason: 'PinIncorrect' }
    for (let time = 0; time < 3; time += 1) expect(await refusalOf(signer.sign(SEED))).toEqual(pin)
    expect(play.journal().filter((line) => line === 'start')).toHaveLength(3)
  })

  it('may not come back with another key', async () => {
    using play = played(
      `({ line, number, start, signed }) => line.startsWith('open') ? (start === 1 ? ${READY} : ${OTHER}) : number === 3 ? 1 : signed(line)`,
    )
    using signer = await play.open()
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'SIGNER_ENDED' })
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'SIGNER_KEY', reason: 'CHANGED' })
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'SIGNER_KEY', reason: 'CHANGED' })
  })

  it.each([
    [
      'a signature by another key',
      `({ line, signed }) => line.startsWith('open') ? ${OTHER} : signed(line)`,
      'SIGNER_SIGNATURE',
    ],
    [
      'a signature of 63 bytes',
      `({ line }) => line.startsWith('open') ? ${READY} : 'signed ' + '00'.repeat(63)`,
      'SIGNER_ANSWER',
    ],
    [
      'no hexadecimal',
      `({ line }) => line.startsWith('open') ? ${READY} : 'signed ' + 'zz'.repeat(64)`,
      'SIGNER_ANSWER',
    ],
    ['another word', `({ line }) => line.startsWith('open') ? ${READY} : 'ready ' + '00'.repeat(64)`, 'SIGNER_ANSWER'],
    [
      'a word too many',
      `({ line, signed }) => line.startsWith('open') ? ${READY} : signed(line) + ' 00'`,
      'SIGNER_ANSWER',
    ],
    ['a short key', `() => 'ready 00'`, 'SIGNER_ANSWER'],
    ['nothing', `() => ''.padEnd(0) + '\\n'`, 'SIGNER_ANSWER'],
    ['two lines', `() => ${READY} + '\\n' + ${READY} + '\\n'`, 'SIGNER_ANSWER'],
    ['a line without end', `() => { process.stdout.write('r'.repeat(1025)) }`, 'SIGNER_ANSWER'],
    ['an unknown refusal', `() => 'refused MOON phase'`, 'SIGNER_ANSWER'],
    ['a refusal without a reason', `() => 'refused PIN'`, 'SIGNER_ANSWER'],
    ['a refusal that is a sentence', `() => 'refused PIN it was 4711'`, 'SIGNER_ANSWER'],
    ['bytes that are no text', `() => { process.stdout.write(Buffer.of(0xff, 0x0a)) }`, 'SIGNER_ANSWER'],
  ])('is not believed that answers %s', async (_name, answer, code) => {
    using play = played(answer)
    expect(await refusalOf(play.open({ timeoutMs: 20_000 }))).toMatchObject({ code })
  })

  it('is not believed that speaks without being asked', async () => {
    using play = played(`({ line, number, signed }) => {
      if (line.startsWith('open')) return ${READY}
      if (number === 2) setTimeout(() => process.stdout.write(signed(line) + '\\n'), 50)
      return signed(line)
    }`)
    using signer = await play.open()
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await refusalOf(signer.sign(SEED))).toEqual({ code: 'accepted' })
    expect(play.journal().filter((line) => line === 'start')).toHaveLength(2)
  })

  it.each([
    ['answers nonsense', `'nonsense'`],
    ['answers too much', `'r'.repeat(1025)`],
    ['does not stop talking', `(setInterval(() => process.stdout.write('r'.repeat(65536)), 1), undefined)`],
  ])('is not left running when it %s and does not end by itself', async (_name, answer) => {
    using play =
      played(`() => { process.stdin.pause(); setInterval(() => {}, 1000); play(process.pid); return ${answer} }
      function play(pid) { appendFileSync(journal, 'pid ' + pid + '\\n') }`)
    const signer = play.open({ timeoutMs: 20_000 })
    expect(await refusalOf(signer)).toMatchObject({ code: 'SIGNER_ANSWER' })
    const pid = Number(
      play
        .journal()
        .find((line) => line.startsWith('pid '))
        ?.slice(4),
    )
    expect(pid).toBeGreaterThan(1)
    const used = process.memoryUsage().arrayBuffers
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)
    expect(process.memoryUsage().arrayBuffers - used).toBeLessThan(16_000_000)
  })

  it('is not left running when an open one goes on with nonsense', async () => {
    using play = played(`({ line, number, signed }) => {
      appendFileSync(journal, 'pid ' + process.pid + '\\n')
      return line.startsWith('open') ? ${READY} : number < 3 ? signed(line) : 'nonsense'
    }`)
    using signer = await play.open()
    expect(await refusalOf(signer.sign(SEED))).toMatchObject({ code: 'SIGNER_ANSWER' })
    const pid = Number(
      play
        .journal()
        .find((line) => line.startsWith('pid '))
        ?.slice(4),
    )
    await expect.poll(() => isRunning(pid), { timeout: 5_000 }).toBe(false)
  })

  it('gets the environment without what belongs to Talos', async () => {
    process.env['TALOS_PASSPHRASE'] = 'a passphrase'
    process.env['OF_A_MODULE'] = 'kept'
    try {
      using play = played(`({ line, signed }) => {
        if (process.env.TALOS_PASSPHRASE !== undefined || process.env.OF_A_MODULE !== 'kept') return 'refused MODULE ENVIRONMENT'
        return line.startsWith('open') ? ${READY} : signed(line)
      }`)
      using signer = await play.open()
      expect(signer.did).toBe(known.did)
    } finally {
      delete process.env['TALOS_PASSPHRASE']
      delete process.env['OF_A_MODULE']
    }
  })
})

describe('the options of a signer', () => {
  const options = {
    kernel,
    module: '/lib/module.so',
    tokenLabel: 'token',
    keyLabel: 'key',
    program: '/nonexistent/program',
  }
  const open = (changes: Partial<Pkcs11SignerOptions>) =>
    refusalOf(pkcs11Signer({ ...options, pin: Secret.of(utf8('4711')), ...changes }))

  it('are refused when empty, too long, or with a NUL, before a program is started', async () => {
    const reason = 'it is not 1 to 4096 bytes'
    for (const option of ['module', 'tokenLabel', 'keyLabel']) {
      const refusal = { code: 'SIGNER_OPTION_INVALID', option }
      expect(await open({ [option]: '' })).toEqual({ ...refusal, reason })
      expect(await open({ [option]: 'a'.repeat(4097) })).toEqual({ ...refusal, reason })
      expect(await open({ [option]: 'a\0' })).toEqual({ ...refusal, reason: 'it has a NUL' })
      expect(await open({ [option]: 'a'.repeat(4096) })).toEqual({ code: 'SIGNER_PROGRAM_MISSING' })
    }
    for (const length of [0, 4097]) {
      expect(await open({ pin: Secret.of(new Uint8Array(length)) })).toMatchObject({ option: 'pin', reason })
    }
  })

  it('name a program that is there', async () => {
    expect(await open({})).toEqual({ code: 'SIGNER_PROGRAM_MISSING' })
    expect(await open({ program: '' })).toEqual({ code: 'SIGNER_PROGRAM_MISSING' })
    expect(await open({ program: import.meta.dirname })).toEqual({ code: 'SIGNER_PROGRAM_MISSING' })
  })
})
