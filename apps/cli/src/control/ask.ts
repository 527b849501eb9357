/**
 * Asking the agent: in this process where nobody else runs it, else over the control socket of the process that does.
 */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseJson } from '@talos/bytes'
import { TalosClient } from '@talos/client'
import { type ControlRequest, type ControlResponse, parseControlResponse } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import type { AgentFolder } from '@talos/storage'
import { openAnchoring } from '../anchoring.ts'
import type { Context } from '../context.ts'
import { tellSession } from '../session-events.ts'
import { findSocketPath } from './path.ts'
import { perform } from './perform.ts'
import { errorOf, RESPONSE_MAX_BYTES, RETRY_MS, readLine, WAIT_FOR_OWNER_MS } from './protocol.ts'

const RESPONSE_MAX_DEPTH = 8

type Answer<Name extends ControlResponse['answer']> = Extract<ControlResponse, { readonly answer: Name }>

/**
 * Has a request done by whoever runs the agent: this process, when nobody does.
 *
 * @throws TalosError `CONTROL_UNREACHABLE`, the codes of `TalosClient.open` and of the request
 */
export async function ask<Name extends ControlResponse['answer']>(
  context: Context,
  request: ControlRequest,
  answer: Name,
): Promise<Answer<Name>> {
  return expect(await dispatch(context, request), answer)
}

/**
 * Has a request done by the process that runs the agent, whose memory it is about.
 *
 * @throws TalosError `CLI_NOT_RUNNING`, `CONTROL_UNREACHABLE`, the codes of the request
 */
export async function askRunning<Name extends ControlResponse['answer']>(
  context: Context,
  request: ControlRequest,
  answer: Name,
): Promise<Answer<Name>> {
  const folder = context.openFolder()
  const untilMs = performance.now() + WAIT_FOR_OWNER_MS
  for (;;) {
    const response = await askOwner(folder, request)
    if (response !== undefined) return expect(response, answer)
    if (isFree(folder)) throw new TalosError('CLI_NOT_RUNNING', { name: folder.name })
    if (performance.now() > untilMs) throw new TalosError('CONTROL_UNREACHABLE', { name: folder.name })
    await sleep(RETRY_MS)
  }
}

function expect<Name extends ControlResponse['answer']>(response: ControlResponse, answer: Name): Answer<Name> {
  if (response.answer === 'failed') throw errorOf(response)
  if (response.answer !== answer)
    throw new TalosError('CONTROL_INVALID', { reason: 'the answer is to another request' })
  return response as Answer<Name>
}

async function dispatch(context: Context, request: ControlRequest): Promise<ControlResponse> {
  const folder = context.openFolder()
  const untilMs = performance.now() + WAIT_FOR_OWNER_MS
  for (;;) {
    const response = await askOwner(folder, request)
    if (response !== undefined) return response
    if (isFree(folder)) {
      const done = await tryHere(context, { folder, request })
      if (done !== undefined) return done
    }
    if (performance.now() > untilMs) throw new TalosError('CONTROL_UNREACHABLE', { name: folder.name })
    await sleep(RETRY_MS)
  }
}

/** Found out before the passphrase is asked for. */
function isFree(folder: AgentFolder): boolean {
  try {
    folder.lock().release()
    return true
  } catch (error) {
    if (isTalosError(error, 'AGENT_LOCKED')) return false
    throw error
  }
}

/** Undefined when another process was faster. */
async function tryHere(
  context: Context,
  { folder, request }: { readonly folder: AgentFolder; readonly request: ControlRequest },
): Promise<ControlResponse | undefined> {
  const passphrase = await context.passphrase({ name: folder.name })
  let client: TalosClient
  try {
    client = await TalosClient.open(folder.name, {
      home: context.home.root,
      passphrase,
      // Whoever runs for a moment waits for no chain, unless it is asked about one.
      ...(request.method === 'anchors' && { anchoring: openAnchoring }),
      onEvent: (event) => tellSession(context.output, event),
    })
  } catch (error) {
    if (isTalosError(error, 'AGENT_LOCKED')) return undefined
    throw error
  }
  try {
    return await perform({ client, command: request.method }, request)
  } finally {
    await client.close()
  }
}

/** Undefined when nobody listens. */
async function askOwner(folder: AgentFolder, request: ControlRequest): Promise<ControlResponse | undefined> {
  const path = findSocketPath(folder.path)
  const socket = path === undefined ? undefined : await dial(path)
  if (socket === undefined) return undefined
  try {
    const line = readLine(socket, RESPONSE_MAX_BYTES)
    socket.write(`${JSON.stringify(request)}\n`)
    return parseControlResponse(parseJson(await line, { maxBytes: RESPONSE_MAX_BYTES, maxDepth: RESPONSE_MAX_DEPTH }))
  } finally {
    socket.destroy()
  }
}

/** A socket file without a listener is what a process leaves that was killed. */
function dial(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}
