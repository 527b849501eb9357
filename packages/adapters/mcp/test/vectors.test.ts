import { fromHex, toHex, utf8 } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { parseMcpConfig } from '@talos/mcp'
import { repoVectors, type VectorCase } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { decodeMcpFrame } from '../src/frames.ts'
import { parseMessage } from '../src/message.ts'
import { filterTools } from '../src/tool-list.ts'

type Input = VectorCase['input']

const bytes = (input: Input, name: string) => fromHex(String(input[name]))

const RUNNERS: Readonly<Record<string, (input: Input) => object>> = {
  config: (input) => {
    const { servers } = parseMcpConfig(String(input['text']))
    return { servers: Array.from(servers, ([name, server]) => ({ name, ...server })) }
  },
  message: (input) => {
    const text = input['textHex'] === undefined ? utf8(String(input['text'])) : bytes(input, 'textHex')
    const message = parseMessage(text, input['author'] === 'server' ? 'server' : 'agent')
    const { kind } = message
    if (kind === 'notification') return { kind, method: message.method }
    if (kind === 'response') return { kind, ...(message.id && { idJson: message.id.json }), isError: message.isError }
    const { call, id, method } = message
    const parameters = call && { tool: call.tool, argumentsHex: toHex(call.argumentsJson) }
    return { kind, idJson: id.json, method, ...parameters }
  },
  frame: (input) => {
    const frame = decodeMcpFrame(bytes(input, 'frameHex'))
    const common = { kind: frame.k, bodyHex: toHex(frame.body) }
    if (frame.k === 'call')
      return { ...common, invHex: toHex(frame.inv), prfHex: frame.prf.map(toHex), saltHex: toHex(frame.salt) }
    return frame.k === 'result' ? { ...common, rcptHex: toHex(frame.rcpt) } : common
  },
  list: (input) => {
    const permitted = input['permitted'] as readonly string[]
    const response = bytes(input, 'responseHex')
    const permits = (tool: string) => permitted.includes(tool)
    return { responseHex: toHex(filterTools({ response, serverName: 'x', permits })) }
  },
}

function outcome(run: () => object): unknown {
  try {
    return run()
  } catch (error) {
    return isTalosError(error) ? error.code : error
  }
}

describe.each(Object.entries(RUNNERS))('vectors mcp/%s', (name, run) => {
  it.each(repoVectors(`mcp/${name}.json`).cases)('$id: $description', (vector) => {
    expect(outcome(() => run(vector.input))).toEqual(vector.valid ? vector.expected : vector.error)
  })
})
