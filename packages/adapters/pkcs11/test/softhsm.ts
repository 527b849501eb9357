/** A token of SoftHSM in a folder of its own, with a key whose seed the test knows. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, fromHex, Secret, toBase64, utf8 } from '@talos/bytes'
import type { Kernel } from '@talos/kernel'
import { tempFolder } from '@talos/testkit'
import type { Pkcs11SignerOptions } from '../src/index.ts'
import { PROGRAM } from '../src/program.ts'

/** Where distributions put it; TALOS_TEST_PKCS11_MODULE names another. */
const MODULES = [
  process.env['TALOS_TEST_PKCS11_MODULE'] ?? '',
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]
const MODULE = MODULES.find((path) => existsSync(path))

/** What is missing for these tests, for their title; none when they run. */
export const MISSING = [
  ...(MODULE === undefined || !runs('softhsm2-util', '--version') ? ['SoftHSM (package softhsm2)'] : []),
  ...(existsSync(PROGRAM) ? [] : ['the program (npm run native:pkcs11)']),
]

export const PIN = '4711'
export const TOKEN = 'talos test'
const KEY = 'agent key'
/** PKCS #8 of an Ed25519 seed (RFC 8410, section 7). */
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420')

export interface SoftHsm extends Disposable {
  options(changes?: Partial<Pkcs11SignerOptions>): Pkcs11SignerOptions
  /** Puts a key into the token. */
  add(key: { readonly seed: Uint8Array; readonly label: string; readonly id: string }): void
  /** A PKCS #8 file as it is, of whatever algorithm. */
  addFile(key: { readonly pem: string; readonly label: string; readonly id: string }): void
  util(...words: readonly string[]): void
}

/** Throws where {@link MISSING} says what is missing. */
export function softHsm(kernel: Kernel, seed: Uint8Array): SoftHsm {
  const folder = tempFolder()
  const tokens = join(folder.path, 'tokens')
  mkdirSync(tokens)
  const configuration = join(folder.path, 'softhsm2.conf')
  writeFileSync(configuration, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`)
  const environment = { ...process.env, SOFTHSM2_CONF: configuration }
  const util = (...words: readonly string[]): void => {
    execFileSync('softhsm2-util', words, { env: environment, stdio: 'pipe' })
  }
  const addFile: SoftHsm['addFile'] = ({ pem, label, id }) => {
    const path = join(folder.path, `${id}.pem`)
    writeFileSync(path, pem)
    util('--import', path, '--token', TOKEN, '--label', label, '--id', id, '--pin', PIN, '--force')
  }
  const add: SoftHsm['add'] = (key) => addFile({ ...key, pem: pemOf(concatBytes(PKCS8_PREFIX, key.seed)) })
  util('--init-token', '--free', '--label', TOKEN, '--so-pin', PIN, '--pin', PIN)
  add({ seed, label: KEY, id: '01' })
  return {
    options: (changes = {}) => ({
      kernel,
      module: MODULE ?? '',
      tokenLabel: TOKEN,
      keyLabel: KEY,
      pin: Secret.of(utf8(PIN)),
      environment,
      ...changes,
    }),
    add,
    addFile,
    util,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  }
}

function pemOf(der: Uint8Array): string {
  return `-----BEGIN PRIVATE KEY-----\n${toBase64(der)}\n-----END PRIVATE KEY-----\n`
}

function runs(command: string, ...words: readonly string[]): boolean {
  try {
    execFileSync(command, words, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
