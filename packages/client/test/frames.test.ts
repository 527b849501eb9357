import { encodeCbor, fromHex, type IpldValue } from '@talos/bytes'
import { MESSAGE_MAX_BYTES } from '@talos/client'
import { isTalosError } from '@talos/errors'
import { loadKernel } from '@talos/kernel'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { readApprovalRequest } from '../src/approvals.ts'
import { decodeFrame, encodeFrame } from '../src/frames.ts'

interface FrameCase {
  readonly id: string
  readonly description: string
  readonly valid: boolean
  readonly input: { readonly frameHex: string }
  readonly expected?: { readonly t: string }
  readonly error?: string
}

const kernel = loadKernel()
const { cases } = repoVectors('frames/app-frame.json') as unknown as { readonly cases: readonly FrameCase[] }
const messageOf = (lengthBytes: number) =>
  encodeCbor({ t: 'message', body: new Uint8Array(lengthBytes) } satisfies IpldValue)

function outcomeOf(read: () => object): unknown {
  try {
    return read()
  } catch (error) {
    return isTalosError(error) ? error.code : error
  }
}

describe('application frames', () => {
  it.each(cases.filter(({ valid }) => valid))(
    '$id reads $description and writes the same bytes',
    ({ input, expected }) => {
      const bytes = fromHex(input.frameHex)
      const frame = decodeFrame(bytes)
      expect(frame.t).toBe(expected?.t)
      expect(encodeFrame(frame)).toEqual(bytes)
    },
  )

  it.each(cases.filter(({ valid }) => !valid))('$id refuses $description', ({ input, error }) => {
    expect(() => decodeFrame(fromHex(input.frameHex))).toThrow(expect.objectContaining({ code: error }))
  })

  const requests = repoVectors('frames/call-to-approve.json').cases
  it.each(requests)('$id reads a request for an approval: $description', (vector) => {
    const bytes = fromHex(String(vector.input['requestHex']))
    const read = () => {
      const {
        subject: _subject,
        display: _display,
        bytes: _bytes,
        justification,
        ...request
      } = readApprovalRequest(bytes, kernel)
      return { ...request, justification: justification ?? null }
    }
    expect(outcomeOf(read)).toEqual(vector.valid ? vector.expected : vector.error)
  })

  it('takes a message of the largest size and refuses one of a byte more', () => {
    expect(decodeFrame(messageOf(MESSAGE_MAX_BYTES)).t).toBe('message')
    expect(() => decodeFrame(messageOf(MESSAGE_MAX_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'FRAME_INVALID' }),
    )
  })
})
