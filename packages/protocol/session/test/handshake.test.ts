import { utf8 } from '@talos/bytes'
import { describe, expect, it } from 'vitest'
import { open, seal } from '../src/index.ts'
import { establish, kernel, makeAgent, NOW_MS } from './agents.ts'

describe('the handshake', () => {
  it('carries the first message and then messages both ways', async () => {
    let { alice, bob } = await establish()
    const random = makeAgent('noise').random
    expect([alice.confirmed, bob.confirmed]).toEqual([false, false])
    const hello = seal(bob, { kernel, random, nowMs: NOW_MS, plaintext: utf8('hello'), contentType: 7 })
    bob = hello.state
    const heard = open(alice, { kernel, nowMs: NOW_MS, message: hello.message })
    alice = heard.state
    expect(heard).toMatchObject({ plaintext: utf8('hello'), contentType: 7 })
    expect([alice.confirmed, bob.confirmed]).toEqual([true, false])
    const back = seal(alice, { kernel, random, nowMs: NOW_MS, plaintext: utf8('back') })
    const got = open(bob, { kernel, nowMs: NOW_MS, message: back.message })
    expect(got.plaintext).toEqual(utf8('back'))
    expect(got.state.confirmed).toBe(true)
  })
})
