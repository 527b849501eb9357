/** Several real agents: Bob serves tools, the others call them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClientEvent, type GrantRequest, type ServeMcpOptions, TalosClient, type ToolCall } from '@talos/client'
import type { Did } from '@talos/contracts'
import { parseMcpConfig } from '@talos/mcp'
import type { Clock } from '@talos/ports'
import { tempFolder } from '@talos/testkit'
import { optionsFor } from './agents.ts'

const SERVER = fileURLToPath(new URL('./fixtures/tool-server.mjs', import.meta.url))

export type Name = 'bob' | 'alice' | 'carol' | 'dave'
type Call = Omit<ToolCall, 'server' | 'tool'>

export class Stage implements AsyncDisposable {
  readonly #folder = tempFolder()
  readonly #clients = new Map<Name, TalosClient>()
  readonly #clock: Clock | undefined
  readonly events: (ClientEvent & { readonly at: Name })[] = []
  #invitation = ''

  private constructor(clock: Clock | undefined) {
    this.#clock = clock
    writeFileSync(this.notesPath, '')
  }

  /** Bob serves, and each of the others has a session with him and knows him. */
  static async with(
    others: readonly Exclude<Name, 'bob'>[],
    { talos = {}, clock, serve = {} }: { talos?: object; clock?: Clock; serve?: ServeMcpOptions } = {},
  ): Promise<Stage> {
    const stage = new Stage(clock)
    const bob = await stage.open('bob')
    stage.serve(talos, serve)
    stage.#invitation = await (await bob.listen()).createInvitation()
    for (const name of others) {
      const client = await stage.open(name)
      client.addPeer(stage.#invitation)
      await client.establishSession(bob.did)
    }
    return stage
  }

  get home(): string {
    return this.#folder.path
  }

  get notesPath(): string {
    return join(this.home, 'notes')
  }

  /** What the tools wrote down. */
  get notes(): readonly string[] {
    return readFileSync(this.notesPath, 'utf8').trim().split('\n')
  }

  async open(name: Name): Promise<TalosClient> {
    const onEvent = (event: ClientEvent) => void this.events.push({ ...event, at: name })
    const more = { onEvent, ...(this.#clock !== undefined && { clock: this.#clock }) }
    const client = await TalosClient.create(name, optionsFor(this.home, more))
    this.#clients.set(name, client)
    return client
  }

  of(name: Name): TalosClient {
    const client = this.#clients.get(name)
    if (client === undefined) throw new Error(`${name} is not there`)
    return client
  }

  did(name: Name): Did {
    return this.of(name).did
  }

  serve(talos: object, options: ServeMcpOptions = {}): void {
    const mcpServers = { tools: { command: process.execPath, args: [SERVER, this.notesPath] } }
    this.of('bob').serveMcp(parseMcpConfig(JSON.stringify({ mcpServers, talos })), options)
  }

  /** Bob ends and begins again. */
  async restartBob(talos: object = {}): Promise<void> {
    await this.of('bob').close()
    const bob = await this.open('bob')
    this.serve(talos)
    this.#invitation = await (await bob.listen()).createInvitation()
    for (const [name, client] of this.#clients) if (name !== 'bob') client.addPeer(this.#invitation)
  }

  /** Gives and hands over; returns the CID. */
  async grant(to: Name, request: Partial<GrantRequest> = {}): Promise<string> {
    const bob = this.of('bob')
    const { cid } = await bob.grantCapability({
      to: this.did(to),
      tool: { server: 'tools' },
      expiresInS: 600,
      ...request,
    })
    await this.handOver('bob', to, [cid])
    return cid
  }

  /** Passes on by file; returns the CID. */
  async passOn(from: Name, to: Name, request: Partial<GrantRequest> & { readonly parent: string }): Promise<string> {
    const { cid } = await this.of(from).delegateCapability({ to: this.did(to), expiresInS: 600, ...request })
    await this.handOver(from, to, [request.parent, cid])
    return cid
  }

  async handOver(from: Name, to: Name, cids: readonly string[]): Promise<void> {
    const all = [...this.of(from).listCapabilities('issued'), ...this.of(from).listCapabilities('received')]
    for (const wanted of cids) {
      const found = all.find(({ cid }) => cid === wanted)
      if (found !== undefined) await this.of(to).importCapability(found.bytes)
    }
  }

  /** Lets two who both know only Bob reach each other. */
  async introduce(one: Name, other: Name): Promise<void> {
    const listening = await this.of(other).listen()
    this.of(one).addPeer(await listening.createInvitation())
    await this.of(one).establishSession(this.did(other))
  }

  async call(by: Name, tool: string, call: Call = {}) {
    return await this.of(by).invokeTool(this.did('bob'), { server: 'tools', tool, ...call })
  }

  /** The code of a refusal; what became of the call instead where it was none. */
  async refusal(by: Name, tool: string, call: Call = {}): Promise<string | undefined> {
    const { outcome, denial } = await this.call(by, tool, call)
    return outcome === 'deny' ? denial?.code : outcome
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients.values()) await client.close()
    this.#folder[Symbol.dispose]()
  }
}
