/** What is measured of the kernel: each hot method of the port, in each backend, and the same by `node:crypto`. */
import { randomBytes } from 'node:crypto'
import { type Kernel, nobleKernel } from '@talos/kernel'
import type { Scenario } from '../harness/command.ts'
import { type Kernels, kernelList } from '../harness/kernels.ts'
import { repeat } from '../harness/measure.ts'
import { handshakeInput, receiveInput, respondInput, sealInput, signedEntries, signedEnvelopes } from './inputs.ts'
import * as node from './node-crypto.ts'

/** What a kernel does in a scenario, on inputs made once. */
type KernelOperation = (kernel: Kernel) => node.Operation

interface Case {
  readonly id: string
  readonly title: string
  readonly kernel: KernelOperation
  readonly node?: () => node.Operation
  /** Left out where one operation of noble takes seconds. */
  readonly noble?: false
}

const SIZES = [
  { id: '64', title: '64 B', sizeBytes: 64 },
  { id: '1k', title: '1 KiB', sizeBytes: 1024 },
  { id: '64k', title: '64 KiB', sizeBytes: 65_536 },
] as const
/** Links of a capability chain with its invocation. */
const ENVELOPES = 4
const ENTRIES = 1000
/** A log entry as it is on average. */
const ENTRY_BYTES = 512

export const VERIFY_ONE = 'ed25519-verify'
export const VERIFY_RUN = 'verify-entries-1000'

export function kernelScenarios(kernels: Kernels): readonly Scenario[] {
  const cases = [...boundary(), ...aead(), ...hashes(), ...ratchet(), ...curves(), ...kem(), ...batches()]
  return cases.map((each) => scenario(each, kernels))
}

function scenario({ id, title, kernel, node: nodeCase, noble }: Case, kernels: Kernels): Scenario {
  const makers = new Map<string, () => node.Operation>(
    kernelList(kernels).map((each) => [each.name, () => kernel(each)] as const),
  )
  if (noble !== false) makers.set('noble', () => kernel(nobleKernel()))
  if (nodeCase !== undefined) makers.set('node', nodeCase)
  return {
    id,
    title,
    subjectNames: ['native', 'portable', 'noble', 'node'],
    open: async (names) => ({
      subjects: [...makers].filter(([name]) => names.has(name)).map(([name, make]) => repeat(name, make())),
    }),
  }
}

/** No steps from a chain key: arguments are checked, 32 bytes are copied, and nothing is computed. */
function boundary(): Case[] {
  const chainKey = randomBytes(32)
  return [{ id: 'boundary', title: 'Nothing: ratchetForward by 0', kernel: (k) => () => k.ratchetForward(chainKey, 0) }]
}

function aead(): Case[] {
  return SIZES.flatMap(({ id, title, sizeBytes }) => {
    const options = { key: randomBytes(32), nonce: randomBytes(12), associatedData: randomBytes(66) }
    const content = randomBytes(sizeBytes)
    const open: KernelOperation = (kernel) => {
      const sealed = kernel.aeadSeal(options, content)
      return () => kernel.aeadOpen(options, sealed)
    }
    return [
      {
        id: `aead-seal-${id}`,
        title: `AEAD seal ${title}`,
        kernel: (kernel: Kernel) => () => kernel.aeadSeal(options, content),
        node: () => node.aeadSeal(content),
      },
      { id: `aead-open-${id}`, title: `AEAD open ${title}`, kernel: open, node: () => node.aeadOpen(content) },
    ]
  })
}

function hashes(): Case[] {
  const content = randomBytes(1024)
  const key = randomBytes(32)
  const options = { ikm: randomBytes(32), salt: randomBytes(32), info: randomBytes(12), lengthBytes: 96 }
  return [
    {
      id: 'sha256-1k',
      title: 'SHA-256 1 KiB',
      kernel: (k) => () => k.sha256(content),
      node: () => node.sha256(content),
    },
    {
      id: 'hmac',
      title: 'HMAC-SHA-256 32 B',
      kernel: (k) => () => k.hmacSha256(key, key),
      node: () => node.hmac(key),
    },
    { id: 'hkdf', title: 'HKDF-SHA-256 to 96 B', kernel: (k) => () => k.hkdfSha256(options), node: node.hkdf },
  ]
}

function ratchet(): Case[] {
  const sizes = SIZES.flatMap(({ id, title, sizeBytes }): Case[] => {
    const content = randomBytes(sizeBytes)
    const receive: KernelOperation = (kernel) => {
      const input = receiveInput(kernel, content)
      return () => kernel.ratchetReceive(input)
    }
    return [
      {
        id: `ratchet-seal-${id}`,
        title: `ratchetSeal ${title}: step, commitment, header and message`,
        kernel: (kernel) => {
          const input = sealInput(content)
          return () => kernel.ratchetSeal(input)
        },
      },
      { id: `ratchet-receive-${id}`, title: `ratchetReceive ${title}, in order`, kernel: receive },
    ]
  })
  const turn = { rootKey: randomBytes(32), secret: randomBytes(32) }
  const turning: KernelOperation = (kernel) => {
    const input = { ...turn, publicKey: kernel.x25519PublicKey(randomBytes(32)) }
    return () => kernel.ratchetTurn(input)
  }
  const chainKey = randomBytes(32)
  return [
    ...sizes,
    { id: 'ratchet-turn', title: 'ratchetTurn: one Diffie-Hellman and the root step', kernel: turning },
    {
      id: 'ratchet-forward-256',
      title: 'ratchetForward by 256: what a full send lease costs',
      kernel: (kernel) => () => kernel.ratchetForward(chainKey, 256),
    },
    {
      id: 'handshake-initiate',
      title: 'handshakeInitiate: 4 DH, encapsulation, transcript, first turn',
      kernel: (kernel) => {
        const input = handshakeInput(kernel)
        return () => kernel.handshakeInitiate(input)
      },
    },
    {
      id: 'handshake-respond',
      title: 'handshakeRespond: 4 DH, decapsulation',
      kernel: (kernel) => {
        const input = respondInput(kernel)
        return () => kernel.handshakeRespond(input)
      },
    },
  ]
}

function curves(): Case[] {
  const secret = randomBytes(32)
  const seed = randomBytes(32)
  const message = randomBytes(ENTRY_BYTES)
  return [
    {
      id: 'x25519',
      title: 'X25519',
      kernel: (kernel) => {
        const publicKey = kernel.x25519PublicKey(randomBytes(32))
        return () => kernel.x25519(secret, publicKey)
      },
      node: node.x25519,
    },
    {
      id: 'x25519-public-key',
      title: 'X25519 public key of a secret (node:crypto makes the secret as well)',
      kernel: (kernel) => () => kernel.x25519PublicKey(secret),
      node: node.x25519KeyPair,
    },
    {
      id: 'ed25519-sign',
      title: `Ed25519 sign ${ENTRY_BYTES} B`,
      kernel: (kernel) => () => kernel.ed25519Sign(seed, message),
      node: () => node.ed25519Sign(seed, message),
    },
    {
      id: VERIFY_ONE,
      title: `Ed25519 verify ${ENTRY_BYTES} B`,
      kernel: (kernel) => {
        const [publicKey, signature] = [kernel.ed25519PublicKey(seed), kernel.ed25519Sign(seed, message)]
        return () => kernel.ed25519Verify(publicKey, message, signature)
      },
      node: () => {
        const { entries, signatures } = signedEntries({ count: 1, sizeBytes: ENTRY_BYTES, seed })
        return node.ed25519VerifyAll(seed, entries, signatures)
      },
    },
  ]
}

function kem(): Case[] {
  const seed = randomBytes(64)
  return [
    {
      id: 'kem-key',
      title: 'ML-KEM-768 encapsulation key of a seed',
      kernel: (kernel) => () => kernel.mlkem768EncapsulationKey(seed),
      node: node.mlkemKeyPair,
    },
    {
      id: 'kem-encapsulate',
      title: 'ML-KEM-768 encapsulate (node:crypto: to an imported key)',
      kernel: (kernel) => {
        const key = kernel.mlkem768EncapsulationKey(seed)
        return () => kernel.mlkem768Encapsulate(key)
      },
      node: node.mlkemEncapsulate,
    },
    {
      id: 'kem-decapsulate',
      title: 'ML-KEM-768 decapsulate from the seed (node:crypto: from an expanded key)',
      kernel: (kernel) => {
        const { ciphertext } = kernel.mlkem768Encapsulate(kernel.mlkem768EncapsulationKey(seed))
        return () => kernel.mlkem768Decapsulate(seed, ciphertext)
      },
      node: node.mlkemDecapsulate,
    },
  ]
}

function batches(): Case[] {
  const seed = randomBytes(32)
  const run = signedEntries({ count: ENTRIES, sizeBytes: ENTRY_BYTES, seed })
  const chain = signedEnvelopes(ENVELOPES)
  const edge = new Uint8Array(0)
  return [
    {
      id: 'verify-envelopes-4',
      title: `verifyEnvelopes of ${ENVELOPES}, four keys`,
      kernel: (kernel) => () => kernel.verifyEnvelopes(chain),
    },
    {
      id: VERIFY_RUN,
      title: `verifyEntries of ${ENTRIES} x ${ENTRY_BYTES} B (node:crypto: signatures one by one, no leaf hashes)`,
      kernel: (kernel) => () => kernel.verifyEntries(run),
      node: () => node.ed25519VerifyAll(seed, run.entries, run.signatures),
      noble: false,
    },
    {
      id: 'leaf-hashes-1000',
      title: `leafHashes of ${ENTRIES} x ${ENTRY_BYTES} B`,
      kernel: (kernel) => () => kernel.leafHashes(run.entries),
    },
    {
      id: 'append-leaves-1000',
      title: `appendLeaves of ${ENTRIES} x ${ENTRY_BYTES} B to an empty tree`,
      kernel: (kernel) => () => kernel.appendLeaves({ size: 0, edge, leaves: run.entries }),
    },
  ]
}
