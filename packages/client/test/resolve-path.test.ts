/** Symbolic links and the rule `subpath`, with links of a real file system (spec 07-delegation, clause 7.7). */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Budget } from '../../protocol/capability/src/conditions/budget.ts'
import { refusals, talosConditions } from '../../protocol/capability/src/conditions/conditions.ts'
import { resolveRealPath } from '../src/resolve-path.ts'

let folder: string
/** What is allowed, and what is not, side by side. */
let root: string
let outside: string

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'talos-paths-')))
  root = join(folder, 'root')
  outside = join(folder, 'outside')
  for (const directory of [root, outside, join(root, 'sub')]) mkdirSync(directory)
  writeFileSync(join(root, 'file'), 'within')
  writeFileSync(join(outside, 'secret'), 'outside')
  symlinkSync(outside, join(root, 'out'))
  symlinkSync('../outside/secret', join(root, 'secret'))
  symlinkSync('sub', join(root, 'in'))
  symlinkSync(join(outside, 'not-yet'), join(root, 'dangling'))
  symlinkSync('loop', join(root, 'loop'))
  symlinkSync(root, join(folder, 'alias'))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('the real path', () => {
  test('of what exists follows every link', () => {
    expect(resolveRealPath(root)).toBe(root)
    expect(resolveRealPath(`${root}/`)).toBe(root)
    expect(resolveRealPath(join(root, 'file'))).toBe(join(root, 'file'))
    expect(resolveRealPath(join(root, 'in'))).toBe(join(root, 'sub'))
    expect(resolveRealPath(join(root, 'secret'))).toBe(join(outside, 'secret'))
    expect(resolveRealPath(join(folder, 'alias/out/secret'))).toBe(join(outside, 'secret'))
    expect(resolveRealPath('/')).toBe('/')
  })

  test('of what does not exist yet is told by its deepest directory that does', () => {
    expect(resolveRealPath(join(root, 'new'))).toBe(join(root, 'new'))
    expect(resolveRealPath(join(root, 'in/a/b/new'))).toBe(join(root, 'sub/a/b/new'))
    expect(resolveRealPath(join(root, 'out/new'))).toBe(join(outside, 'new'))
    expect(resolveRealPath('/no-such-directory-of-talos/a')).toBe('/no-such-directory-of-talos/a')
  })

  test.each([
    ['a link that leads nowhere', () => join(root, 'dangling')],
    ['something below a link that leads nowhere', () => join(root, 'dangling/a')],
    ['a loop', () => join(root, 'loop')],
    ['something below a loop', () => join(root, 'loop/a')],
    ['something below a file', () => join(root, 'file/a')],
    ['a relative path', () => 'root/file'],
    ['two dots', () => `${root}/sub/../file`],
    ['two dots behind what is missing', () => `${root}/missing/../../outside/secret`],
    ['one dot', () => `${root}/./file`],
    ['an empty segment', () => `${root}//file`],
    ['NUL', () => `${root}/file\u0000`],
    ['a name that is too long', () => join(root, 'x'.repeat(300))],
    ['nothing', () => ''],
  ])('of %s cannot be told', (_, path) => {
    expect(resolveRealPath(path())).toBeUndefined()
  })
})

describe('subpath', () => {
  const isAllowed = (path: string, roots: readonly string[], resolvePath: typeof resolveRealPath | undefined) =>
    refusals(talosConditions([], [['subpath', '.p', roots]]), { p: path }, { budget: new Budget(), resolvePath })
      .length === 0

  test('refuses a link that leads out of the root, which the text alone does not show', () => {
    for (const path of ['secret', 'out', 'out/secret', 'out/new', 'dangling', 'loop']) {
      expect(isAllowed(join(root, path), [root], undefined)).toBe(true)
      expect(isAllowed(join(root, path), [root], resolveRealPath)).toBe(false)
    }
  })

  test('allows what stays within, links and new files included', () => {
    for (const path of ['', 'file', 'in', 'in/new', 'sub/a/b/c']) {
      expect(isAllowed(join(root, path), [root], resolveRealPath)).toBe(true)
    }
  })

  test('takes a root that is a link itself for the directory that it leads to', () => {
    const alias = join(folder, 'alias')
    expect(isAllowed(join(alias, 'file'), [alias], resolveRealPath)).toBe(true)
    expect(isAllowed(join(alias, 'out/secret'), [alias], resolveRealPath)).toBe(false)
    expect(isAllowed(join(alias, 'file'), [root], resolveRealPath)).toBe(false)
  })

  test('allows a path by whichever root its real place is in, if the text is in that root as well', () => {
    expect(isAllowed(join(root, 'secret'), [root, outside], resolveRealPath)).toBe(false)
    expect(isAllowed(join(outside, 'secret'), [root, outside], resolveRealPath)).toBe(true)
  })
})
