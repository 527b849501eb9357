/**
 * What the tool side knows of a server's tools, and the one message that it rewrites: a `tools/list` result without the
 * tools that the agent may not see (clause 14.6 of contracts/spec/14-mcp.md). Tools are cut out; every other byte stays.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { concatBytes, utf8 } from '@talos/bytes'
import { TalosError } from '@talos/errors'
import { type JsonNode, scanJson, stringOf, textOf } from './json-scan.ts'
import { MAX_KNOWN_TOOLS, MAX_LIST_PAGES, OWN_LIST_TIMEOUT_MS } from './limits.ts'
import { isOwnId, keyOfText, type MessageId, OWN_ID_PREFIX } from './message.ts'
import { request } from './replies.ts'

interface ListPage {
  readonly tools: JsonNode
  readonly named: readonly { readonly name: string; readonly node: JsonNode }[]
  /** The cursor of the next page as it was written. */
  readonly cursorJson: string | undefined
}

/** @throws MCP_ANSWER_INVALID for a result without a readable list of tools */
function readPage(bytes: Uint8Array, serverName: string): ListPage {
  const root = scanStrictly(bytes, serverName)
  const result = root.members.get('result')
  const tools = result?.members.get('tools')
  if (tools?.kind !== 'array') throw unusable(serverName, 'its result has no array of tools')
  const named = tools.items.flatMap((node) => {
    const name = node.members.get('name')
    return name?.kind === 'string' ? [{ name: stringOf(bytes, name), node }] : []
  })
  const cursor = result?.members.get('nextCursor')
  return { tools, named, cursorJson: cursor?.kind === 'string' ? textOf(bytes, cursor) : undefined }
}

function scanStrictly(bytes: Uint8Array, serverName: string): JsonNode {
  try {
    return scanJson(bytes, { uniqueNames: true, keepLevels: 4 })
  } catch (cause) {
    throw new TalosError('MCP_ANSWER_INVALID', { server: serverName, reason: 'a name is repeated in it' }, { cause })
  }
}

export interface FilterOptions {
  readonly response: Uint8Array
  readonly serverName: string
  readonly permits: (tool: string) => boolean
}

/**
 * The response without the tools that are not permitted, and without what has no name. The same bytes where all are.
 *
 * @throws MCP_ANSWER_INVALID
 */
export function filterTools({ response, serverName, permits }: FilterOptions): Uint8Array {
  const { tools, named } = readPage(response, serverName)
  const kept = named.filter(({ name }) => permits(name))
  if (kept.length === tools.items.length) return response
  const comma = utf8(',')
  const items = kept.flatMap(({ node }, index) => {
    const item = response.subarray(node.start, node.end)
    return index === 0 ? [item] : [comma, item]
  })
  return concatBytes(response.subarray(0, tools.start + 1), ...items, response.subarray(tools.end - 1))
}

/** The names of a server's tools, read from the server when they are asked for and not known. */
export class KnownTools {
  readonly #serverName: string
  readonly #send: (message: Uint8Array) => Promise<void>
  readonly #names = new Set<string>()
  readonly #waiting = new Map<string, (response: Uint8Array | undefined) => void>()
  #complete = false
  #count = 0

  /** `send` writes to the server. */
  constructor({ serverName, send }: { serverName: string; send: (message: Uint8Array) => Promise<void> }) {
    this.#serverName = serverName
    this.#send = send
  }

  /** Whether the server lists the tool. False as well where it does not tell within OWN_LIST_TIMEOUT_MS. */
  async has(tool: string): Promise<boolean> {
    if (!this.#complete) await this.#read()
    return this.#names.has(tool)
  }

  /** The server said that its tools have changed. */
  forget(): void {
    this.#complete = false
    this.#names.clear()
  }

  /** Takes the answer to a request of ours; false where it is none. */
  accept(id: MessageId, response: Uint8Array): boolean {
    const resolve = this.#waiting.get(id.key)
    this.#waiting.delete(id.key)
    resolve?.(response)
    return isOwnId(id)
  }

  /** The server is gone: nothing is to be waited for. */
  end(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined)
    this.#waiting.clear()
  }

  async #read(): Promise<void> {
    this.forget()
    const timer = new AbortController()
    const late = sleep(OWN_LIST_TIMEOUT_MS, undefined, { signal: timer.signal }).catch(() => undefined)
    let paramsJson: string | undefined = '{}'
    for (let page = 0; page < MAX_LIST_PAGES && paramsJson !== undefined; page += 1) {
      const response = await Promise.race([this.#ask(paramsJson), late])
      if (response === undefined) break
      paramsJson = this.#note(response)
    }
    timer.abort()
    this.#waiting.clear()
  }

  /** Keeps the names of one page; returns the parameters for the next one, undefined after the last. */
  #note(response: Uint8Array): string | undefined {
    try {
      const { named, cursorJson } = readPage(response, this.#serverName)
      for (const { name } of named) if (this.#names.size < MAX_KNOWN_TOOLS) this.#names.add(name)
      this.#complete = cursorJson === undefined
      return cursorJson === undefined ? undefined : `{"cursor":${cursorJson}}`
    } catch {
      return undefined
    }
  }

  #ask(paramsJson: string): Promise<Uint8Array | undefined> {
    this.#count += 1
    const id = `${OWN_ID_PREFIX}${this.#count}`
    const answer = new Promise<Uint8Array | undefined>((resolve) => this.#waiting.set(keyOfText(id), resolve))
    void this.#send(request({ id, method: 'tools/list', paramsJson }))
    return answer
  }
}

function unusable(server: string, reason: string): TalosError {
  return new TalosError('MCP_ANSWER_INVALID', { server, reason })
}
