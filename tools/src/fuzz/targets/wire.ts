/** What comes over a link and through the MCP relay: frames, hellos, envelopes for routes, messages (spec 13 to 15). */
import { X509Certificate } from 'node:crypto'
import { equalBytes, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import { parseMcpConfig } from '@talos/mcp'
import { formatHostEndpoint, openFromRoute, parseHostEndpoint, sealForRoute } from '@talos/network'
import { decodeMcpFrame, encodeMcpFrame } from '../../../../packages/adapters/mcp/src/frames.ts'
import { scanJson } from '../../../../packages/adapters/mcp/src/json-scan.ts'
import { idOfBrokenResponse, idToAnswer, parseMessage } from '../../../../packages/adapters/mcp/src/message.ts'
import { referralIn } from '../../../../packages/adapters/mcp/src/referral.ts'
import { talosCodeOf } from '../../../../packages/adapters/mcp/src/replies.ts'
import { filterTools } from '../../../../packages/adapters/mcp/src/tool-list.ts'
import { type Frame, FrameDecoder, poolOf } from '../../../../packages/adapters/network/src/link/frames.ts'
import { verifyHello } from '../../../../packages/adapters/network/src/link/hello.ts'
import { Inbox } from '../../../../packages/adapters/network/src/link/inbox.ts'
import { transportKeyOf } from '../../../../packages/adapters/network/src/tls/certificate.ts'
import { readApprovalRequest } from '../../../../packages/client/src/approvals.ts'
import { checkCarriage, decodeFrame, encodeFrame, keptOf } from '../../../../packages/client/src/frames.ts'
import type { FuzzRandom } from '../random.ts'
import { casesOf, fromHexSeed, type Members, seedsOf, textOf, textSeed } from '../seeds.ts'
import { must, NOTHING, type Target, unlessRefused } from '../target.ts'
import { kernel, trusting } from './kernels.ts'

export function wireTargets(): readonly Target[] {
  return [
    ...frameTargets(),
    ...helloTargets(),
    ...routeTargets(),
    ...mcpFrameTargets(),
    ...mcpMessageTargets(),
    appFrameTarget(),
    approvalRequestTarget(),
  ]
}

/** Frames of the bytes, fed in one piece or cut where `random` says; ends at the first refusal, which it tells. */
function framesOf(input: Uint8Array, isOpen: boolean, random?: FuzzRandom): readonly string[] {
  const decoder = new FrameDecoder()
  if (isOpen) decoder.allowFullFrames()
  const found: string[] = []
  try {
    for (let at = 0; at < input.length; ) {
      const end = random === undefined ? input.length : at + 1 + random.below(random.oneIn(2) ? 4 : 400)
      decoder.feed(input.subarray(at, end))
      for (let next = decoder.next(); next !== undefined; next = decoder.next()) found.push(nameOf(next))
      at = end
    }
  } catch (error) {
    found.push(String(error))
  }
  return found
}

function nameOf({ type, flags, stream, payload }: Frame): string {
  return `${type} ${flags} ${stream} ${toHex(payload)}`
}

function frameTargets(): readonly Target[] {
  return [
    {
      name: 'link/frames',
      refusals: /^NETWORK_/,
      form: 'bytes',
      seeds: [...seedsOf('link/frames.json', 'streamHex'), ...seedsOf('link/content.json', 'streamHex')],
      run(input, random) {
        for (const isOpen of [false, true]) {
          const whole = framesOf(input, isOpen)
          const cut = framesOf(input, isOpen, random)
          must(whole.join('\n') === cut.join('\n'), 'however bytes are split, the frames are the same')
        }
        const decoder = new FrameDecoder()
        decoder.feed(input)
        while (decoder.next() !== undefined);
      },
    },
    {
      name: 'link/content',
      refusals: /^NETWORK_/,
      form: 'bytes',
      seeds: seedsOf('link/content.json', 'streamHex'),
      run(input) {
        const decoder = new FrameDecoder()
        decoder.allowFullFrames()
        decoder.feed(input)
        const terms = { maxMessageBytes: 4_096, windowBytes: 8_192 }
        const inbox = new Inbox({ terms, grant: (_pool, bytes) => must(bytes > 0, 'what is granted is something') })
        for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
          const pool = poolOf(frame.type)
          const content = pool === undefined ? undefined : inbox.accept(pool, frame)
          must((content?.content.length ?? 0) <= terms.maxMessageBytes, 'no content is larger than allowed')
          content?.release()
        }
      },
    },
  ]
}

function helloTargets(): readonly Target[] {
  const cases = casesOf('link/hello.json')
  const given = (input: Members) => ({
    role: input['role'] === 'dialer' ? ('dialer' as const) : ('listener' as const),
    channelBinding: fromHexSeed(input['channelBindingHex']),
    transportKey: fromHexSeed(input['transportKeyHex']),
    ...(input['expectedDid'] !== undefined && { expectedDid: input['expectedDid'] as Did }),
  })
  const seeds = seedsOf('link/hello.json', 'payloadHex')
  const honest = new Set(seeds.map(toHex))
  return [
    {
      name: 'link/hello',
      refusals: /^NETWORK_/,
      form: 'bytes',
      seeds,
      run(input, random) {
        const context = given(random.pick(cases).input)
        unlessRefused(() => verifyHello({ ...context, payload: input, kernel: trusting }))
        const { maxMessageBytes, windowBytes } = verifyHello({ ...context, payload: input, kernel })
        must(windowBytes > maxMessageBytes, 'the window holds a message')
        // The signature is over the connection and the DID; sizes are the sender's to name.
        must(
          honest.has(toHex(input)) || [...honest].some((hex) => hex.endsWith(toHex(input.slice(-64)))),
          'it was signed',
        )
      },
    },
    {
      name: 'link/certificate',
      refusals: NOTHING,
      form: 'bytes',
      seeds: seedsOf('link/certificate.json', 'certificateHex'),
      run(input) {
        const key = keyIn(input)
        must(key === undefined || key.length === 32, 'a transport key has 32 bytes')
      },
    },
  ]
}

/** Node's TLS has read a certificate before it reaches us. */
function keyIn(der: Uint8Array): Uint8Array | undefined {
  let certificate: Parameters<typeof transportKeyOf>[0]
  try {
    certificate = new X509Certificate(der)
  } catch {
    return undefined
  }
  return transportKeyOf(certificate)
}

function routeTargets(): readonly Target[] {
  return [
    {
      name: 'routing-envelope',
      refusals: /^NETWORK_/,
      form: 'bytes',
      seeds: seedsOf('link/routing-envelope.json', 'envelopeHex'),
      run: (input) => must(equalBytes(sealForRoute(openFromRoute(input, { nowS: 0 })), input), 'it is written again'),
    },
    {
      name: 'endpoint',
      refusals: /^NETWORK_/,
      form: 'text',
      seeds: ['tls://example.org:443', 'tls://127.0.0.1:0', 'tls://[::1]:65535', 'tls://a.b-c:80', 'tls://[::]:1'].map(
        textSeed,
      ),
      run(input) {
        const endpoint = parseHostEndpoint('tls:', textOf(input))
        const again = parseHostEndpoint('tls:', formatHostEndpoint('tls:', endpoint))
        must(again.host === endpoint.host && again.port === endpoint.port, 'an address leads back to itself')
      },
    },
  ]
}

function mcpFrameTargets(): readonly Target[] {
  return [
    {
      name: 'mcp/frame',
      refusals: /^MCP_FRAME_INVALID$/,
      form: 'cbor',
      seeds: seedsOf('mcp/frame.json', 'frameHex'),
      run: (input) => must(equalBytes(encodeMcpFrame(decodeMcpFrame(input)), input), 'taken bytes are canonical'),
    },
    {
      name: 'mcp/config',
      refusals: /^MCP_(CONFIG_INVALID|UPSTREAM_UNSUPPORTED)$/,
      form: 'json',
      seeds: seedsOf('mcp/config.json', 'text'),
      run(input) {
        const { servers } = parseMcpConfig(input)
        must(servers.size > 0, 'a configuration names a server')
        const sizes = Array.from(servers.values(), ({ command, args }) => [command, ...args].length)
        must(
          sizes.every((size) => size > 0),
          'every server has a command',
        )
      },
    },
  ]
}

function mcpMessageTargets(): readonly Target[] {
  const seeds = [...seedsOf('mcp/message.json', 'text', 'textHex'), ...seedsOf('mcp/list.json', 'responseHex')]
  return [
    {
      name: 'mcp/message',
      refusals: NOTHING,
      form: 'json',
      seeds,
      run(input) {
        JSON.parse(idToAnswer(input))
        idOfBrokenResponse(input)
        unlessRefused(() => talosCodeOf(input))
        const answered = unlessRefused(() => parseMessage(input, 'server'))
        if (answered !== undefined) referralIn(input)
        const scanned = unlessRefused(() => scanJson(input, { uniqueNames: false, keepLevels: 0 }))
        if (scanned !== undefined) JSON.parse(Buffer.from(input).toString('utf8'))
        const read = unlessRefused(() => parseMessage(input, 'agent'))
        if (read !== undefined) must(parseMessage(input, 'server').kind === read.kind, 'a strict reader takes less')
        if (read?.kind !== 'request' || read.call === undefined) return
        const call = JSON.parse(Buffer.from(input).toString('utf8')).params
        must(call.name === read.call.tool, 'the tool is the one that every reader sees')
        const args = JSON.stringify(call.arguments ?? {})
        must(
          JSON.stringify(JSON.parse(Buffer.from(read.call.argumentsJson).toString('utf8'))) === args,
          'and so the arguments',
        )
      },
    },
    {
      name: 'mcp/list',
      refusals: /^MCP_ANSWER_INVALID$/,
      form: 'json',
      seeds: seedsOf('mcp/list.json', 'responseHex'),
      run(input, random) {
        const divisor = 1 + random.below(3)
        const permits = (tool: string) => tool.length % divisor === 0
        const filtered = filterTools({ response: input, serverName: 'x', permits })
        const tools: readonly { readonly name: string }[] = JSON.parse(Buffer.from(filtered).toString('utf8')).result
          .tools
        must(filtered.length <= input.length, 'what is left is no longer than what came')
        if (divisor > 1)
          must(
            tools.every(({ name }) => permits(name)),
            'what is left is permitted',
          )
      },
    },
  ]
}

function approvalRequestTarget(): Target {
  return {
    name: 'call-to-approve',
    refusals: /^APPROVAL_REQUEST_INVALID$/,
    form: 'cbor',
    seeds: seedsOf('frames/call-to-approve.json', 'requestHex'),
    run(input) {
      const { bytes, argumentsJson } = readApprovalRequest(input, kernel)
      must(equalBytes(bytes, input), 'what is shown is what is approved')
      JSON.parse(argumentsJson)
    },
  }
}

function appFrameTarget(): Target {
  return {
    name: 'app-frame',
    refusals: /^FRAME_INVALID$/,
    form: 'cbor',
    seeds: seedsOf('frames/app-frame.json', 'frameHex'),
    run(input) {
      const frame = decodeFrame(input)
      must(equalBytes(encodeFrame(frame), input), 'taken bytes are canonical')
      for (const carriage of ['request', 'one-way'] as const) {
        unlessRefused(() => checkCarriage(frame, carriage))
        const place = { peer: 'did:key:z' as Did, messageId: 'id', sessionId: new Uint8Array(16), nowMs: 0 }
        keptOf({ ...place, frame, carriage })
      }
    },
  }
}
