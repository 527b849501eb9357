/** The lines of the control socket (spec 17-control): limits, reading, errors. */
import type { Socket } from 'node:net'
import { TalosError } from '@talos/errors'
import { isErrorCode } from '../output.ts'

/** A capability of 64 KiB in base64url with its frame around (17.2). */
export const REQUEST_MAX_BYTES = 131_072
/** A proof bundle of 4 MiB, escaped once as JSON (17.3). */
export const RESPONSE_MAX_BYTES = 16_777_216
/** People and scripts of one user; more wait or are told to (17.1). */
export const MAX_REQUESTS_OPEN = 16
/** One side says nothing for so long: the connection is closed (17.1). */
const IDLE_TIMEOUT_MS = 30_000
/** Another command of a second or two may hold the agent without taking requests; longer than this is an error (17.3). */
export const WAIT_FOR_OWNER_MS = 5_000
export const RETRY_MS = 100

const NEWLINE = 0x0a

/**
 * Reads the one line that a side sends.
 *
 * @throws TalosError `CONTROL_INVALID` when the line is too long, the connection ends before it does, or nothing comes
 */
export function readLine(socket: Socket, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    const settle = (finish: () => void) => {
      socket.removeAllListeners('data')
      socket.setTimeout(0)
      finish()
    }
    const refuse = (reason: string) => settle(() => reject(new TalosError('CONTROL_INVALID', { reason })))
    socket.setTimeout(IDLE_TIMEOUT_MS, () => refuse('nothing came in time'))
    socket.on('error', () => refuse('the connection broke'))
    socket.on('end', () => refuse('the connection ended early'))
    socket.on('close', () => refuse('the connection ended early'))
    socket.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      const end = chunk.indexOf(NEWLINE)
      if (sizeBytes > maxBytes) return refuse(`a line has more than ${maxBytes} bytes`)
      chunks.push(end < 0 ? chunk : chunk.subarray(0, end))
      if (end >= 0) settle(() => resolve(Buffer.concat(chunks).toString('utf8')))
    })
  })
}

/** The owner's error, as this side's. */
export function errorOf({
  code,
  details,
}: {
  readonly code: string
  readonly details: TalosError['details']
}): TalosError {
  return isErrorCode(code) ? new TalosError(code, details) : new TalosError('CONTROL_REFUSED')
}
