import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { REPOSITORY } from './compile.ts'

/** The script in a repository of its own, with a cargo that does what the test says. */
class Tree implements Disposable {
  readonly #folder = tempFolder()
  readonly module = join(this.#folder.path, 'packages', 'crypto', 'kernel', 'native', 'talos-kernel.node')
  readonly #script = join(this.#folder.path, 'tools', 'src', 'build-kernel.js')

  constructor() {
    mkdirSync(join(this.#folder.path, 'tools', 'src'), { recursive: true })
    for (const file of ['build-kernel.js', 'cargo.js']) {
      copyFileSync(join(REPOSITORY, 'tools', 'src', file), join(this.#folder.path, 'tools', 'src', file))
    }
    mkdirSync(join(this.#folder.path, 'bin'))
  }

  /** A cargo that answers `--version`, and otherwise runs this line of shell. */
  cargo(line: string): void {
    const text = `#!/bin/sh\n[ "$1" = --version ] && exit 0\n${line}\n`
    writeFileSync(join(this.#folder.path, 'bin', 'cargo'), text, { mode: 0o755 })
  }

  /** A cargo that has built a library of that name with that content. */
  built(name: string, content: string): void {
    const library = join(this.#folder.path, name)
    writeFileSync(library, content)
    const artifact = {
      reason: 'compiler-artifact',
      target: { name: 'talos_node' },
      filenames: [`${library}.rmeta`, library],
    }
    const other = { ...artifact, target: { name: 'talos_kernel' } }
    const lines = [{ reason: 'build-script-executed' }, other, artifact, { reason: 'build-finished' }]
    this.cargo(`cat <<'END'\n${lines.map((line) => JSON.stringify(line)).join('\n')}\nEND`)
  }

  run(options: readonly string[] = [], environment: Readonly<Record<string, string>> = {}) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [this.#script, ...options], {
      encoding: 'utf8',
      env: {
        PATH: `${join(this.#folder.path, 'bin')}:/bin:/usr/bin`,
        CARGO_HOME: join(this.#folder.path, 'none'),
        ...environment,
      },
    })
    return { status, stdout, stderr }
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }
}

/** Shell scripts stand for cargo here; /usr/bin must not have a real one. */
const unfit = process.platform === 'win32' || existsSync('/usr/bin/cargo') || existsSync('/bin/cargo')
const NOTE = unfit ? ' (skipped: this machine has a cargo that cannot be hidden)' : ''

describe.skipIf(unfit)(`the build of the native kernel${NOTE}`, () => {
  it('says in one line that the portable kernel serves where there is no cargo, and fails only where it is asked to', () => {
    using tree = new Tree()
    const line = /^talos: no cargo here, so the portable kernel serves; .* npm run native\n$/
    expect(tree.run()).toEqual({ status: 0, stdout: expect.stringMatching(line), stderr: '' })
    expect(tree.run(['--strict'])).toMatchObject({ status: 1, stdout: expect.stringMatching(line) })
  })

  it('does the same where the build fails, shows why where it is asked to, and leaves no older module', () => {
    using tree = new Tree()
    mkdirSync(join(tree.module, '..'), { recursive: true })
    writeFileSync(tree.module, 'older')
    tree.cargo('echo "error: no linker" >&2; exit 101')
    const line = 'talos: the native kernel did not build, so the portable kernel serves; npm run native shows why\n'
    expect(tree.run()).toEqual({ status: 0, stdout: line, stderr: '' })
    expect(existsSync(tree.module)).toBe(false)
    expect(tree.run(['--strict'])).toEqual({ status: 1, stdout: line, stderr: 'error: no linker\n' })
  })

  it('keeps the module that is there where there is no cargo to make another', () => {
    using tree = new Tree()
    mkdirSync(join(tree.module, '..'), { recursive: true })
    writeFileSync(tree.module, 'earlier')
    expect(tree.run().stdout).toContain('the native kernel built earlier stays')
    expect(readFileSync(tree.module, 'utf8')).toBe('earlier')
  })

  it.each(['libtalos_node.so', 'libtalos_node.dylib', 'talos_node.dll'])('puts %s in its place', (name) => {
    using tree = new Tree()
    tree.built(name, 'library')
    expect(tree.run()).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^talos: native kernel ready \(\d+\.\d s\)\n$/),
      stderr: '',
    })
    expect(readFileSync(tree.module, 'utf8')).toBe('library')
    expect(readdirSync(join(tree.module, '..'))).toEqual(['talos-kernel.node'])
  })

  it('replaces an older module at once, and leaves an equal one alone', () => {
    using tree = new Tree()
    tree.built('libtalos_node.so', 'first')
    tree.run()
    const before = statSync(tree.module)
    tree.run()
    expect(statSync(tree.module).ino).toBe(before.ino)
    tree.built('libtalos_node.so', 'second')
    tree.run()
    expect(readFileSync(tree.module, 'utf8')).toBe('second')
    expect(statSync(tree.module).ino).not.toBe(before.ino)
  })

  it('takes a build without a library for none', () => {
    using tree = new Tree()
    tree.cargo('echo \'{"reason":"build-finished"}\'')
    expect(tree.run()).toMatchObject({ status: 0, stdout: expect.stringContaining('did not build') })
  })

  it('leaves everything alone with TALOS_SKIP_NATIVE=1', () => {
    using tree = new Tree()
    tree.built('libtalos_node.so', 'library')
    expect(tree.run([], { TALOS_SKIP_NATIVE: '1' })).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('left alone'),
    })
    expect(existsSync(tree.module)).toBe(false)
  })
})
