import { fromHex, toHex, utf8 } from '@talos/bytes'
import type { ToolRequirements } from '@talos/capability'
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
    const { servers, settings } = parseMcpConfig(String(input['text']))
    const { environment, policy, servers: terms } = settings
    return {
      servers: Array.from(servers, ([name, server]) => ({ name, ...server })),
      environment: Object.fromEntries(environment),
      policy:
        policy === undefined
          ? null
          : { file: policy.file, schema: policy.schema ?? null, entities: policy.entities ?? null },
      terms: Array.from(terms, ([server, { common, followsLinks, tools }]) => ({
        server,
        followsLinks,
        ...termsShown(common),
        tools: Array.from(tools, ([tool, own]) => ({ tool, ...termsShown(own) })),
      })),
    }
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
    const members = Object.entries(frame).filter(([name]) => name !== 'k')
    return { kind: frame.k, ...Object.fromEntries(members.map(([name, value]) => shown(name, value))) }
  },
  list: (input) => {
    const permitted = input['permitted'] as readonly string[]
    const response = bytes(input, 'responseHex')
    const permits = (tool: string) => permitted.includes(tool)
    return { responseHex: toHex(filterTools({ response, serverName: 'x', permits })) }
  },
}

/** A member of a frame as vectors have it: bytes in hex under a name that says so. */
function shown(name: string, value: unknown): [string, unknown] {
  if (value instanceof Uint8Array) return [`${name}Hex`, toHex(value)]
  const isBytes = Array.isArray(value) && value.every((item) => item instanceof Uint8Array)
  return isBytes && name !== 'tools' ? [`${name}Hex`, value.map(toHex)] : [name, value]
}

function termsShown({ maxStaleS, approvals, cost, ...rest }: ToolRequirements): object {
  return { ...rest, maxStaleS: maxStaleS ?? null, approvals: approvals ?? null, cost: Object.fromEntries(cost) }
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
