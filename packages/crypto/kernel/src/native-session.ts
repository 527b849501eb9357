/** Ratchet and handshake on the native module, each step in one call. */

import { requireInitiateInput, requireRespondInput, requireTurnInput } from './handshake.ts'
import { AEAD_TAG_BYTES, type Kernel, MLKEM768_CIPHERTEXT_BYTES, RATCHET_KEY_BYTES } from './kernel.ts'
import { type NativeBridge, optional, randomnessOf, received } from './native-block.ts'
import { layout, requireOpenInput, requireReceiveInput, requireSealInput } from './ratchet.ts'
import { requireWalk } from './ratchet-chain.ts'
import { Slab } from './slab.ts'

type ChainMethods = Pick<Kernel, 'ratchetStep' | 'ratchetForward' | 'ratchetAdvance' | 'ratchetTurn'>
type MessageMethods = Pick<Kernel, 'ratchetSeal' | 'ratchetOpen' | 'ratchetReceive'>
type HandshakeMethods = Pick<Kernel, 'handshakeInitiate' | 'handshakeRespond'>

const KEY = RATCHET_KEY_BYTES

export function nativeSession(bridge: NativeBridge): ChainMethods & MessageMethods & HandshakeMethods {
  return { ...chain(bridge), ...messages(bridge), ...handshake(bridge) }
}

function messages({ module, block }: NativeBridge): MessageMethods {
  // Apart: what is sealed goes to others, and code that mistakes `.buffer` for a message must not send what was opened.
  const sealed = new Slab()
  const opened = new Slab()
  return {
    ratchetSeal: (input) => {
      requireSealInput(input)
      const { chainKey, headerKey, nonce, header, associatedData, prefix, content, paddedBytes } = input
      const messageBytes = layout(prefix.length, header.length).ciphertext + paddedBytes + AEAD_TAG_BYTES
      const words = [header.length, associatedData.length, prefix.length, content.length, paddedBytes]
      const inputs = [chainKey, headerKey, nonce, header, associatedData, prefix, content]
      block.run(module.ratchetSeal, { words, inputs, outputBytes: KEY + messageBytes })
      const nextChainKey = block.take(KEY)
      return { nextChainKey, message: block.takeLast(messageBytes, sealed) }
    },
    ratchetOpen: (input) => {
      requireOpenInput(input)
      const { messageKey, nonce, associatedData, header, commitment, ciphertext } = input
      const words = [associatedData.length, header.length, ciphertext.length]
      const inputs = [messageKey, nonce, associatedData, header, commitment, ciphertext]
      const outputBytes = ciphertext.length - AEAD_TAG_BYTES
      return block.takeLast(block.run(module.ratchetOpen, { words, inputs, outputBytes }), opened)
    },
    ratchetReceive: (input) => {
      requireReceiveInput(input)
      const { headerKey, chainKey, expectedHeader, associatedData, message, prefixBytes } = input
      const words = [expectedHeader.length, associatedData.length, message.length, prefixBytes]
      const inputs = [headerKey, chainKey, expectedHeader, associatedData, message]
      // Either fits: the content, and a header that is not the expected one but as long.
      const outputBytes = KEY + message.length
      const answer = block.run(module.ratchetReceive, { words, inputs, outputBytes })
      return received(block, { answer, headerBytes: expectedHeader.length, opened })
    },
  }
}

function chain({ module, block }: NativeBridge): ChainMethods {
  return {
    ratchetStep: (chainKey) => {
      requireWalk(chainKey, 1)
      block.run(module.ratchetStep, { words: [], inputs: [chainKey], outputBytes: 2 * KEY })
      const messageKey = block.take(KEY)
      return { messageKey, nextChainKey: block.takeLast(KEY) }
    },
    ratchetForward: (chainKey, steps) => {
      requireWalk(chainKey, steps)
      block.run(module.ratchetForward, { words: [steps], inputs: [chainKey], outputBytes: KEY })
      return block.takeLast(KEY)
    },
    ratchetAdvance: (chainKey, steps) => {
      requireWalk(chainKey, steps)
      block.run(module.ratchetAdvance, { words: [steps], inputs: [chainKey], outputBytes: KEY + KEY * steps })
      const nextChainKey = block.take(KEY)
      return { messageKeys: block.takeLast(KEY * steps), nextChainKey }
    },
    ratchetTurn: (input) => {
      requireTurnInput(input)
      const mixed = optional(input.mixed)
      const inputs = [input.rootKey, input.secret, input.publicKey, mixed]
      block.run(module.ratchetTurn, { words: [mixed.length], inputs, outputBytes: 3 * KEY })
      const rootKey = block.take(KEY)
      const chainKey = block.take(KEY)
      return { rootKey, chainKey, nextHeaderKey: block.takeLast(KEY) }
    },
  }
}

function handshake({ module, block }: NativeBridge): HandshakeMethods {
  return {
    handshakeInitiate: (input) => {
      requireInitiateInput(input)
      const { identitySecret, ephemeralSecret, ratchetSecret, peerIdentityKey, signedPrekey, kemKey } = input
      const oneTimeKey = optional(input.oneTimeKey)
      const kemRandomness = randomnessOf(input.kemRandomness)
      block.run(module.handshakeInitiate, {
        words: [oneTimeKey.length, input.transcriptHead.length],
        inputs: [
          identitySecret,
          ephemeralSecret,
          ratchetSecret,
          peerIdentityKey,
          signedPrekey,
          oneTimeKey,
          kemKey,
          kemRandomness,
          input.transcriptHead,
          input.context,
        ],
        outputBytes: MLKEM768_CIPHERTEXT_BYTES + 8 * KEY,
      })
      return {
        ephemeralKey: block.take(KEY),
        ratchetKey: block.take(KEY),
        kemCiphertext: block.take(MLKEM768_CIPHERTEXT_BYTES),
        transcriptHash: block.take(KEY),
        rootKey: block.take(KEY),
        chainKey: block.take(KEY),
        nextHeaderKey: block.take(KEY),
        initiatorHeaderKey: block.take(KEY),
        responderHeaderKey: block.takeLast(KEY),
      }
    },
    handshakeRespond: (input) => {
      requireRespondInput(input)
      const { identitySecret, signedPrekeySecret, kemSeed, peerIdentityKey, ephemeralKey, kemCiphertext } = input
      const oneTimeSecret = optional(input.oneTimeSecret)
      block.run(module.handshakeRespond, {
        words: [oneTimeSecret.length],
        inputs: [
          identitySecret,
          signedPrekeySecret,
          oneTimeSecret,
          kemSeed,
          peerIdentityKey,
          ephemeralKey,
          kemCiphertext,
          input.transcriptHash,
        ],
        outputBytes: 3 * KEY,
      })
      const rootKey = block.take(KEY)
      const initiatorHeaderKey = block.take(KEY)
      return { rootKey, initiatorHeaderKey, responderHeaderKey: block.takeLast(KEY) }
    },
  }
}
