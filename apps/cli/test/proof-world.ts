/** Two agents as processes of the built command, a real file server, and two calls: one that ran and one that was refused. */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { tempFolder } from '@talos/testkit'
import { type Connected, connect } from './connected.ts'
import { Home, type Running } from './talos.ts'

const SERVER_PACKAGE = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/package.json')

/** What the file holds that was read. */
export const CONTENT = 'The meeting is on Monday\n'

interface Witnesses {
  readonly witnesses: readonly { readonly vkey: string }[]
}

interface Calls {
  readonly calls: readonly { readonly invocation: string; readonly outcome: string }[]
}

export class ProofWorld implements AsyncDisposable {
  readonly box = new Home()
  readonly agent = new Home()
  readonly #files = tempFolder()
  readonly #config = join(this.box.path, 'mcp.json')
  #serving: Running | undefined
  #connected: Connected | undefined
  boxDid = ''
  agentDid = ''
  /** CIDs of both calls. */
  allowed = ''
  denied = ''

  /** Where the file lies. */
  get notePath(): string {
    return join(this.#files.path, 'note.txt')
  }

  /** @param prepare is given each home before anything runs in it */
  static async begin(prepare: (home: Home) => Promise<void> = async () => {}): Promise<ProofWorld> {
    const world = new ProofWorld()
    const { box, agent } = world
    world.boxDid = await box.init('box')
    world.agentDid = await agent.init('agent')
    for (const home of [box, agent]) await prepare(home)
    const args = [join(dirname(SERVER_PACKAGE), 'dist', 'index.js'), world.#files.path]
    writeFileSync(world.notePath, CONTENT)
    writeFileSync(world.#config, JSON.stringify({ mcpServers: { files: { command: process.execPath, args } } }))
    const invitation = await world.#serve('box')
    const words = [
      '--server',
      'files',
      '--tool',
      'read_text_file',
      '--under',
      `path=${world.#files.path}`,
      '--for',
      '15m',
    ]
    await box.json(['capabilities', 'grant', '--to', world.agentDid, ...words], { passphrase: null })
    world.#connected = await connect(agent, invitation, 'files')
    await world.#connected.call('read_text_file', { path: world.notePath })
    await world.#connected.call('read_text_file', { path: '/etc/hostname' })
    world.allowed = await world.#callWith('allow')
    world.denied = await world.#callWith('deny')
    return world
  }

  /** Both processes end, so that their agents can be changed. */
  async stop(): Promise<void> {
    await this.#connected?.[Symbol.asyncDispose]()
    await this.#serving?.stop()
  }

  /** Begins again with the server's side under another name, and reads the file once more. @returns the CID of the call */
  async goOnAs(name: string): Promise<string> {
    this.#connected = await connect(this.agent, await this.#serve(name), 'files')
    await this.#connected.call('read_text_file', { path: this.notePath })
    return await this.#callWith('allow')
  }

  async #serve(name: string): Promise<string> {
    this.#serving = this.box.start(['mcp', 'serve', this.#config, '--agent', name])
    const [invitation] = await this.#serving.lines(1)
    return String(invitation)
  }

  async #callWith(outcome: string): Promise<string> {
    const { calls } = await this.agent.json<Calls>(['proof', 'list', '--outcome', outcome])
    const [call] = calls
    if (call?.outcome !== outcome) throw new Error(`there is no call with the outcome ${outcome}`)
    return call.invocation
  }

  /** Has each side cosign the other's log. @returns the text of a policy that one of them meets */
  async witness(): Promise<string> {
    await this.agent.json(['audit', 'witness', '--peer', this.boxDid])
    await this.box.json(['audit', 'witness', '--peer', this.agentDid])
    const keyOf = async (home: Home) => (await home.json<Witnesses>(['audit', 'witness'])).witnesses[0]?.vkey
    const [box, agent] = [await keyOf(this.agent), await keyOf(this.box)]
    return `witness box ${box}\nwitness agent ${agent}\ngroup any any box agent\nquorum any\n`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connected?.[Symbol.asyncDispose]()
    await this.#serving?.stop('SIGKILL')
    for (const one of [this.box, this.agent, this.#files]) one[Symbol.dispose]()
  }
}
