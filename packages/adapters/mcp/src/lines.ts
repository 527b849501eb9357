/** Newline-delimited messages on byte streams, exact bytes either way (clause 14.4 of contracts/spec/14-mcp.md). */
import type { Readable, Writable } from 'node:stream'
import { TalosError } from '@talos/errors'
import { MAX_MESSAGE_BYTES } from './limits.ts'

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20

/**
 * The lines of a stream without their line feed; empty ones are left out. What stands behind the last line feed counts as
 * a line. The stream is read only as fast as the lines are taken.
 *
 * @throws MCP_MESSAGE_INVALID for a line of more than MAX_MESSAGE_BYTES, after which the stream is not read further
 */
export async function* readLines(input: Readable): AsyncGenerator<Uint8Array, void, void> {
  let parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of chunksOf(input)) {
    let from = 0
    for (let feed = chunk.indexOf(LINE_FEED); feed !== -1; feed = chunk.indexOf(LINE_FEED, from)) {
      refuseOversize(sizeBytes + feed - from)
      const line = joined([...parts, chunk.subarray(from, feed)])
      parts = []
      sizeBytes = 0
      from = feed + 1
      if (!isBlank(line)) yield line
    }
    sizeBytes += chunk.length - from
    refuseOversize(sizeBytes)
    if (from < chunk.length) parts.push(chunk.subarray(from))
  }
  const rest = joined(parts)
  if (!isBlank(rest)) yield rest
}

/** A stream that breaks off ends: what its other side did is told by its exit, or by the closed channel. */
async function* chunksOf(input: Readable): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of input) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array)
  } catch {
    return
  }
}

function refuseOversize(sizeBytes: number): void {
  if (sizeBytes > MAX_MESSAGE_BYTES) {
    throw new TalosError('MCP_MESSAGE_INVALID', { reason: `it has more than ${MAX_MESSAGE_BYTES} bytes` })
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

/** Writes lines to a stream, no faster than it takes them. After the stream's end, what is written is dropped. */
export class LineWriter {
  readonly #output: Writable
  #drained: Promise<void> | undefined

  constructor(output: Writable) {
    this.#output = output
    // A reader that went away is told by its exit or its end of input; the error says nothing more.
    output.on('error', () => undefined)
  }

  /** Resolves when the stream takes more, or is gone. */
  async write(message: Uint8Array): Promise<void> {
    if (!this.#output.writable) return
    const line = Buffer.allocUnsafe(message.length + 1)
    line.set(onOneLine(message))
    line[message.length] = LINE_FEED
    if (!this.#output.write(line)) this.#drained ??= this.#drain()
    await this.#drained
  }

  end(): void {
    if (this.#output.writable) this.#output.end()
  }

  #drain(): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        for (const event of ['drain', 'close', 'error']) this.#output.off(event, settle)
        this.#drained = undefined
        resolve()
      }
      for (const event of ['drain', 'close', 'error']) this.#output.on(event, settle)
    })
  }
}

/**
 * A peer may frame a message that has line feeds and carriage returns between its tokens. Many readers end a line at either, and
 * would take what stands behind for a message of its own, which nobody has judged: each becomes a space, which JSON takes for
 * the same. Within a string neither can stand.
 */
function onOneLine(message: Uint8Array): Uint8Array {
  if (!message.includes(LINE_FEED) && !message.includes(CARRIAGE_RETURN)) return message
  return message.map((byte) => (byte === LINE_FEED || byte === CARRIAGE_RETURN ? SPACE : byte))
}
