import { encodeCbor, fromHex, type IpldValue } from '@talos/bytes'
import { MESSAGE_MAX_BYTES } from '@talos/client'
import { repoVectors } from '@talos/testkit'
import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeFrame } from '../src/frames.ts'

interface FrameCase {
  readonly id: string
  readonly description: string
  readonly valid: boolean
  readonly input: { readonly frameHex: string }
  readonly expected?: { readonly t: string }
  readonly error?: string
}

const { cases } = repoVectors('frames/app-frame.json') as unknown as { readonly cases: readonly FrameCase[] }
const messageOf = (lengthBytes: number) =>
  encodeCbor({ t: 'message', body: new Uint8Array(lengthBytes) } satisfies IpldValue)

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

  it('takes a message of the largest size and refuses one of a byte more', () => {
    expect(decodeFrame(messageOf(MESSAGE_MAX_BYTES)).t).toBe('message')
    expect(() => decodeFrame(messageOf(MESSAGE_MAX_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'FRAME_INVALID' }),
    )
  })
})
