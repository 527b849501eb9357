import { chmodSync, mkdirSync, readdirSync, rmdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { seededRandom, tempFolder } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { writePrivateFile } from '../src/files.ts'
import { AGENT_FILE_MAX_BYTES, AgentDatabase, AgentHome, AgentLock } from '../src/index.ts'
import { bytes, codeOf, kernel, openAgent, random, runWorker, startWorker } from './support.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777

describe("the agent's home", () => {
  it('is the option, else TALOS_HOME, else .talos in the home folder', () => {
    const environment = { TALOS_HOME: '/from/environment' }
    expect(new AgentHome({ root: '/from/option', environment }).root).toBe('/from/option')
    expect(new AgentHome({ environment }).root).toBe('/from/environment')
    expect(new AgentHome({ environment: { TALOS_HOME: '' } }).root).toBe(join(homedir(), '.talos'))
  })

  it('has folders of mode 0700 and files of mode 0600, whatever the umask', () => {
    const umask = process.umask(0)
    try {
      using agent = openAgent()
      agent.database.settings.set('a', 'b')
      agent.folder.writeFile('note.txt', bytes('x'))
      for (const folder of [join(agent.home.root, 'agents'), agent.folder.path]) expect(modeOf(folder)).toBe(0o700)
      const files = readdirSync(agent.folder.path)
      expect(files).toEqual(expect.arrayContaining(['agent.db', 'agent.db-wal', 'key.json', 'note.txt', 'owner.lock']))
      for (const file of files)
        expect(`${file} ${modeOf(join(agent.folder.path, file)).toString(8)}`).toBe(`${file} 600`)
    } finally {
      process.umask(umask)
    }
  })

  it('lists agents by name and nothing else', () => {
    using root = tempFolder()
    const home = new AgentHome({ root: root.path })
    expect(home.list()).toEqual([])
    home.create({ name: 'b', keyFile: 'B' })
    home.create({ name: 'a', keyFile: 'A' })
    mkdirSync(join(root.path, 'agents', '.new-leftover'))
    writeFileSync(join(root.path, 'agents', 'file'), '')
    expect(home.list()).toEqual(['a', 'b'])
    expect([home.has('a'), home.has('c')]).toEqual([true, false])
    expect(home.open('a').readKeyFile()).toBe('A')
  })

  it('never overwrites an agent, not even one that appears meanwhile', () => {
    using root = tempFolder()
    const home = new AgentHome({ root: root.path })
    const folder = home.create({ name: 'a', keyFile: 'first' })
    expect(codeOf(() => home.create({ name: 'a', keyFile: 'second' }))).toBe('AGENT_EXISTS')
    expect(folder.readKeyFile()).toBe('first')
    expect(readdirSync(join(root.path, 'agents'))).toEqual(['a'])
  })

  it.each(['', '-a', '_a', 'A', 'a/b', '..', 'a.b', 'a'.repeat(65), 'ä'])('refuses the name "%s"', (name) => {
    using root = tempFolder()
    const home = new AgentHome({ root: root.path })
    expect(codeOf(() => home.create({ name, keyFile: '' }))).toBe('AGENT_NAME_INVALID')
    expect(codeOf(() => home.open(name))).toBe('AGENT_NAME_INVALID')
  })

  it('takes a name of 64 characters and says when there is no such agent', () => {
    using root = tempFolder()
    const home = new AgentHome({ root: root.path })
    expect(home.create({ name: 'a'.repeat(64), keyFile: '' }).name).toHaveLength(64)
    expect(codeOf(() => home.open('other'))).toBe('AGENT_NOT_FOUND')
  })

  it('refuses folders and files that are open to others, and links in their place', () => {
    using root = tempFolder()
    const home = new AgentHome({ root: root.path })
    const { path } = home.create({ name: 'a', keyFile: 'k' })
    for (const folder of [path, join(root.path, 'agents')]) {
      chmodSync(folder, 0o750)
      expect(codeOf(() => home.open('a'))).toBe('HOME_PERMISSIONS')
      chmodSync(folder, 0o700)
    }
    chmodSync(root.path, 0o770)
    expect(codeOf(() => home.open('a'))).toBe('HOME_PERMISSIONS')
    chmodSync(root.path, 0o755)
    expect(home.open('a').name).toBe('a')
    chmodSync(join(path, 'key.json'), 0o604)
    expect(codeOf(() => home.open('a').readKeyFile())).toBe('HOME_PERMISSIONS')
    symlinkSync(path, join(root.path, 'agents', 'link'))
    expect(codeOf(() => home.open('link'))).toBe('HOME_UNUSABLE')
    symlinkSync('key.json', join(path, 'link.json'))
    expect(codeOf(() => home.open('a').readFile('link.json'))).toBe('HOME_UNUSABLE')
    mkdirSync(join(path, 'folder.db'))
    expect(codeOf(() => home.open('a').readFile('folder.db'))).toBe('HOME_UNUSABLE')
  })

  it('reads and replaces plain files of the folder only', () => {
    using root = tempFolder()
    const folder = new AgentHome({ root: root.path }).create({ name: 'a', keyFile: 'k' })
    folder.writeKeyFile('new')
    expect(folder.readKeyFile()).toBe('new')
    folder.writeFile('empty.bin', new Uint8Array())
    expect(folder.readFile('empty.bin')).toHaveLength(0)
    const large = seededRandom(1).bytes(200_000)
    folder.writeFile('large.bin', large)
    expect(folder.readFile('large.bin')).toEqual(large)
    for (const name of ['../key.json', '.hidden.txt', 'noending', 'a/b.txt']) {
      expect(codeOf(() => folder.readFile(name))).toBe('HOME_UNUSABLE')
    }
    expect(codeOf(() => folder.readFile('missing.txt'))).toBe('FILE_FAILED')
    writeFileSync(join(folder.path, 'big.bin'), new Uint8Array(AGENT_FILE_MAX_BYTES + 1), { mode: 0o600 })
    expect(codeOf(() => folder.readFile('big.bin'))).toBe('INPUT_TOO_LARGE')
  })

  it('keeps what was there, and leaves no draft, when a write fails', () => {
    using root = tempFolder()
    mkdirSync(join(root.path, 'target'))
    // The draft is written whole; then a folder stands in the way of its new name.
    expect(codeOf(() => writePrivateFile(join(root.path, 'target'), bytes('x')))).toBe('FILE_FAILED')
    expect(readdirSync(root.path)).toEqual(['target'])
    expect(codeOf(() => writePrivateFile(join(root.path, 'missing', 'file'), bytes('x')))).toBe('FILE_FAILED')
  })

  it('removes what a killed process had not written to its end, once nobody else can be writing', () => {
    using root = tempFolder()
    const folder = new AgentHome({ root: root.path }).create({ name: 'a', keyFile: 'k' })
    const draft = join(folder.path, '.103040e3-9743-4c96-ad7c-231fcf8996f3.tmp')
    const other = join(folder.path, '.mine.tmp')
    for (const path of [draft, other]) writeFileSync(path, 'an old key file', { mode: 0o600 })
    folder.lock().release()
    expect(readdirSync(folder.path).toSorted()).toEqual(['.mine.tmp', 'key.json', 'owner.lock'])
    mkdirSync(draft)
    expect(codeOf(() => folder.lock())).toBe('FILE_FAILED')
    rmdirSync(draft)
    folder.lock().release()
  })

  it('leaves nothing behind when an agent cannot be created', () => {
    using root = tempFolder()
    writeFileSync(join(root.path, 'file'), 'x')
    const inFile = new AgentHome({ root: join(root.path, 'file') })
    expect(codeOf(() => inFile.create({ name: 'a', keyFile: '' }))).toBe('FILE_FAILED')
    const home = new AgentHome({ root: root.path })
    expect(codeOf(() => home.create({ name: 'a', keyFile: '\ud800' }))).toBe('ENCODING_INVALID')
    expect(readdirSync(join(root.path, 'agents'))).toEqual([])
    writeFileSync(join(root.path, 'agents', 'taken'), '')
    expect(codeOf(() => home.create({ name: 'taken', keyFile: '' }))).toBe('AGENT_EXISTS')
    symlinkSync('nowhere', join(root.path, 'agents', 'dangling'))
    expect(codeOf(() => home.create({ name: 'dangling', keyFile: '' }))).toBe('FILE_FAILED')
    expect(readdirSync(join(root.path, 'agents')).sort()).toEqual(['dangling', 'taken'])
  })
})

describe('the lock', () => {
  it('lets one process own an agent, and another after kill -9 of the first', async () => {
    using root = tempFolder()
    const folder = new AgentHome({ root: root.path }).create({ name: 'agent', keyFile: '' })
    const owner = await startWorker('lock', root.path)
    expect(owner.lines).toEqual(['locked'])
    expect(codeOf(() => folder.lock())).toBe('AGENT_LOCKED')
    expect(runWorker('lock', root.path)).toBe('AGENT_LOCKED')
    await owner.kill()
    using lock = folder.lock()
    expect(lock.held).toBe(true)
  })

  it('holds within one process as well, until it is released', () => {
    using agent = openAgent()
    expect(codeOf(() => agent.folder.lock())).toBe('AGENT_LOCKED')
    agent.lock.release()
    agent.lock.release()
    expect(agent.lock.held).toBe(false)
    agent.folder.lock().release()
  })

  it('stays with its process when that process asks for it, or opens a database, a second time', () => {
    using agent = openAgent()
    expect(codeOf(() => agent.folder.lock())).toBe('AGENT_LOCKED')
    expect(runWorker('lock', agent.home.root)).toBe('AGENT_LOCKED')
    const { storageKey, folder, lock } = agent
    AgentDatabase.open({ storageKey, folder, lock, kernel, random }).close()
    // Whoever closes a database last removes its WAL: another process must not believe to be that one.
    runWorker('look', agent.home.root)
    expect(readdirSync(folder.path)).toContain('agent.db-wal')
  })

  it('is needed, and of the right agent, to open the database as owner', () => {
    using agent = openAgent()
    const { storageKey, folder, home } = agent
    const other = home.create({ name: 'other', keyFile: '' })
    const keys = { storageKey, kernel: undefined as never, random: undefined as never }
    expect(codeOf(() => AgentDatabase.open({ ...keys, folder: other, lock: agent.lock }))).toBe('AGENT_LOCKED')
    agent.lock.release()
    expect(codeOf(() => AgentDatabase.open({ ...keys, folder, lock: agent.lock }))).toBe('AGENT_LOCKED')
  })

  it('reports a lock file that is no lock file', () => {
    using root = tempFolder()
    const folder = new AgentHome({ root: root.path }).create({ name: 'a', keyFile: '' })
    const path = join(folder.path, 'owner.lock')
    writeFileSync(path, 'x'.repeat(4096), { mode: 0o600 })
    expect(codeOf(() => AgentLock.acquire({ name: 'a', path }))).toBe('STORE_WRITE_FAILED')
  })
})
