/**
 * The owner's side of the control socket (spec 17-control): while one process runs an agent, other talos commands of the
 * same user reach it here. Whoever may connect could read the agent's folder as well, and is trusted as its owner.
 */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { parseJson } from '@talos/bytes'
import { type ControlRequest, type ControlResponse, parseControlRequest } from '@talos/contracts'
import { isTalosError, TalosError } from '@talos/errors'
import { systemCode } from '../files.ts'
import { reportOf } from '../output.ts'
import { prepareSocketPath } from './path.ts'
import { perform } from './perform.ts'
import type { Performer } from './performer.ts'
import { MAX_REQUESTS_OPEN, REQUEST_MAX_BYTES, readLine } from './protocol.ts'

const SOCKET_MODE = 0o600
const REQUEST_MAX_DEPTH = 16

export interface ControlServerOptions extends Performer {
  /** Absolute path of the agent's folder. */
  readonly folder: string
  /** Told of failures that the asking side learns only by code. */
  readonly onFailure: (error: TalosError) => void
}

export class ControlServer {
  readonly #server: Server
  readonly #path: string
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, path: string) {
    this.#server = server
    this.#path = path
  }

  /**
   * Listens. The caller holds the agent's lock, so a socket that lies there is of a process that has ended.
   *
   * @throws TalosError `CONTROL_SOCKET`
   */
  static async start(options: ControlServerOptions): Promise<ControlServer> {
    const path = prepareSocketPath(options.folder)
    rmSync(path, { force: true })
    const server = createServer()
    const control = new ControlServer(server, path)
    server.on('connection', (socket) => void control.#serve(socket, options))
    const listening = Promise.withResolvers<void>()
    server.once('error', listening.reject)
    server.listen(path, listening.resolve)
    try {
      await listening.promise
      chmodSync(path, SOCKET_MODE)
      return control
    } catch (cause) {
      server.close()
      throw new TalosError('CONTROL_SOCKET', { reason: systemCode(cause) }, { cause })
    }
  }

  /** Takes no more requests and removes the socket. */
  async close(): Promise<void> {
    const closed = Promise.withResolvers<void>()
    this.#server.close(() => closed.resolve())
    for (const socket of this.#sockets) socket.destroy()
    await closed.promise
    rmSync(this.#path, { force: true })
  }

  async #serve(socket: Socket, options: ControlServerOptions): Promise<void> {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const response = await this.#answer(socket, options)
    if (!socket.destroyed) socket.end(`${JSON.stringify(response)}\n`)
  }

  async #answer(socket: Socket, options: ControlServerOptions): Promise<ControlResponse> {
    try {
      if (this.#sockets.size > MAX_REQUESTS_OPEN) throw new TalosError('CONTROL_BUSY', { limit: MAX_REQUESTS_OPEN })
      return await perform(options, requestOf(await readLine(socket, REQUEST_MAX_BYTES)))
    } catch (error) {
      const report = reportOf(error)
      if (!isTalosError(error)) options.onFailure(report)
      return {
        answer: 'failed',
        code: report.code,
        details: report.details as Record<string, string | number | boolean>,
      }
    }
  }
}

function requestOf(line: string): ControlRequest {
  try {
    return parseControlRequest(parseJson(line, { maxBytes: REQUEST_MAX_BYTES, maxDepth: REQUEST_MAX_DEPTH }))
  } catch (cause) {
    throw new TalosError('CONTROL_INVALID', { reason: 'the request is none that is known' }, { cause })
  }
}
