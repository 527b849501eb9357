import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '@talos/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { chooseKernel, KERNEL_REVISION, loadKernel, portableKernel } from '../src/index.ts'
import { openNativeKernel } from '../src/load.ts'
import { NATIVE_OPERATIONS } from '../src/native-module.ts'
import { NATIVE, refusal } from './support.ts'

const folder = tempFolder()
afterAll(() => folder[Symbol.dispose]())

let files = 0
/** A file of its own for each test: what is loaded once stays. */
function moduleFile(text: string, extension = 'cjs'): string {
  files += 1
  const path = join(folder.path, `module-${files}.${extension}`)
  writeFileSync(path, text)
  return path
}

/** CommonJS that has the shape of the native module, every operation with this body. */
function shaped(members: string, body = 'return 0'): string {
  const operations = NATIVE_OPERATIONS.map((name) => `${name}() { ${body} }`).join(', ')
  return `module.exports = { version: 'test', revision: ${KERNEL_REVISION}, ${operations}, ${members} }`
}

describe('the native kernel of a file', () => {
  it.each([
    ['is not there', join(folder.path, 'absent.node'), 'it is not built'],
    ['is no module of this platform', moduleFile('no library', 'node'), 'the module does not load'],
    ['throws an error', moduleFile("throw new Error('no')"), 'the module does not load'],
    ['throws something else', moduleFile("throw 'no'"), 'the module does not load'],
    ['gives a number', moduleFile('module.exports = 1'), 'the module is no kernel'],
    ['gives null', moduleFile('module.exports = null'), 'the module is no kernel'],
    ['states no version', moduleFile(shaped('version: undefined')), 'the module is no kernel'],
    ['states no revision', moduleFile(shaped("revision: '1'")), 'the module is no kernel'],
    ['lacks an operation', moduleFile(shaped('appendLeaves: undefined')), 'the module is no kernel'],
    [
      'has another revision',
      moduleFile(shaped(`revision: ${KERNEL_REVISION + 1}`)),
      `the module has revision ${KERNEL_REVISION + 1} where ${KERNEL_REVISION} is due`,
    ],
    ['computes nothing', moduleFile(shaped('')), 'it fails its self-test'],
    ['fails in every operation', moduleFile(shaped('', 'return -6')), 'it fails its self-test'],
  ])('does not serve where it %s', (_, path, reason) => {
    const native = openNativeKernel(path)
    expect(native).toMatchObject({ reason })
    expect(chooseKernel('', () => native)).toMatchObject({ chosen: 'missing', reason, kernel: { name: 'portable' } })
    const forced = refusal(() => chooseKernel('native', () => native))
    expect(forced).toBe('KERNEL_UNAVAILABLE')
  })

  it('is opened once in a process', () => {
    const path = moduleFile('module.exports = 1')
    expect(openNativeKernel(path)).toBe(openNativeKernel(path))
  })
})

describe('the choice of a kernel', () => {
  const native = { kernel: portableKernel(), version: '1.2.3 for a test' }

  it.each([undefined, ''])('is the native one for %j where it serves', (choice) => {
    expect(chooseKernel(choice, () => native)).toEqual({ ...native, chosen: 'found' })
  })

  it('is the one that is forced', () => {
    expect(chooseKernel('native', () => native)).toEqual({ ...native, chosen: 'forced' })
    expect(chooseKernel('portable', () => native)).toMatchObject({ chosen: 'forced', kernel: { name: 'portable' } })
  })

  it('tells why a forced native kernel does not serve, and keeps the cause', () => {
    const cause = new Error('no')
    const choose = () => chooseKernel('native', () => ({ reason: 'it is not built', cause }))
    expect(choose).toThrow(
      expect.objectContaining({
        code: 'KERNEL_UNAVAILABLE',
        message: 'the native kernel is not available: it is not built',
        cause,
      }),
    )
  })

  it('refuses a name that is none', () => {
    expect(refusal(() => loadKernel('fastest'))).toBe('KERNEL_CHOICE')
  })

  it('reads TALOS_KERNEL, and without it takes the best that is there', () => {
    const before = process.env['TALOS_KERNEL']
    try {
      process.env['TALOS_KERNEL'] = 'portable'
      expect(loadKernel().name).toBe('portable')
      delete process.env['TALOS_KERNEL']
      expect(loadKernel().name).toBe(NATIVE === undefined ? 'portable' : 'native')
    } finally {
      delete process.env['TALOS_KERNEL']
      Object.assign(process.env, before === undefined ? {} : { TALOS_KERNEL: before })
    }
  })
})
