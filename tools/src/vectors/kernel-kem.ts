/** Cases of ML-KEM-768 and Argon2id. Keys and ciphertexts of the KEM are long, so the cases hold their SHA-256. */
import { argon2Sync } from 'node:crypto'
import { ascii, bytesOf, casesOf, hex, type KernelCase, pattern, repeated, run } from './kernel-case.ts'
import { decapsulated, encapsulationKeyOf } from './kernel-keys.ts'

const derive = casesOf('20.8', 'mlkem768EncapsulationKey')
const encapsulate = casesOf('20.8', 'mlkem768Encapsulate')
const open = casesOf('20.8', 'mlkem768Decapsulate')

export function mlkem768Cases(): KernelCase[] {
  const seedHex = pattern('mlkem seed one', 64)
  const keyHex = encapsulationKeyOf(seedHex)
  const garbage = pattern('mlkem garbage', 1088)
  const randomnessHex = pattern('mlkem randomness one', 32)
  return [
    ...KNOWN.flatMap(({ name, encapsulationKeySha256Hex, ciphertextSha256Hex, sharedSecretHex }) => {
      const input = {
        seedHex: pattern(`mlkem seed ${name}`, 64),
        randomnessHex: pattern(`mlkem randomness ${name}`, 32),
      }
      return [
        derive.valid(`the key of seed ${name}`, { seedHex: input.seedHex }, { encapsulationKeySha256Hex }),
        casesOf('20.8', 'mlkem768RoundTrip').valid(
          `the key of seed ${name}, encapsulated to with the randomness given, and opened again`,
          input,
          { ciphertextSha256Hex, sharedSecretHex },
        ),
      ]
    }),
    open.valid(
      'implicit rejection: a ciphertext that nobody made yields a secret of its own',
      {
        seedHex,
        ciphertextHex: garbage,
      },
      { sharedSecretHex: decapsulated(seedHex, garbage) },
    ),
    open.valid(
      'implicit rejection: a ciphertext of zeros',
      { seedHex, ciphertextHex: repeated(0, 1088) },
      {
        sharedSecretHex: decapsulated(seedHex, repeated(0, 1088)),
      },
    ),
    derive.invalid('the half of a seed', { seedHex: seedHex.slice(64) }, 'KERNEL_ARGUMENT'),
    encapsulate.invalid('a key of 1,183 bytes', { encapsulationKeyHex: keyHex.slice(2) }, 'KERNEL_ARGUMENT'),
    encapsulate.invalid('a key of ML-KEM-512', { encapsulationKeyHex: keyHex.slice(0, 1600) }, 'KERNEL_ARGUMENT'),
    encapsulate.invalid(
      'randomness of 31 bytes',
      { encapsulationKeyHex: keyHex, randomnessHex: randomnessHex.slice(2) },
      'KERNEL_ARGUMENT',
    ),
    ...overflowCases(keyHex, randomnessHex),
    open.invalid('a seed of 32 bytes', { seedHex: seedHex.slice(64), ciphertextHex: garbage }, 'KERNEL_ARGUMENT'),
    open.invalid('a ciphertext of 1,087 bytes', { seedHex, ciphertextHex: garbage.slice(2) }, 'KERNEL_ARGUMENT'),
    open.invalid('a ciphertext of 1,089 bytes', { seedHex, ciphertextHex: `${garbage}00` }, 'KERNEL_ARGUMENT'),
  ]
}

/** The first coefficient is q = 3,329 (0xd01, twelve bits, least significant first), the smallest that is refused. */
export function overflowing(keyHex: string): string {
  const bytes = bytesOf(keyHex)
  bytes.writeUInt8(0x01, 0)
  bytes.writeUInt8((bytes.readUInt8(1) & 0xf0) | 0x0d, 1)
  return hex(bytes)
}

function overflowCases(keyHex: string, randomnessHex: string): KernelCase[] {
  const encapsulationKeyHex = overflowing(keyHex)
  return [
    encapsulate.invalid('a coefficient equal to q', { encapsulationKeyHex }, 'KERNEL_KEY_INVALID'),
    encapsulate.invalid(
      'a coefficient equal to q, with the randomness given',
      { encapsulationKeyHex, randomnessHex },
      'KERNEL_KEY_INVALID',
    ),
  ]
}

/** `node:crypto` takes no randomness, so these were computed once with another implementation and typed in. */
const KNOWN = [
  {
    name: 'one',
    encapsulationKeySha256Hex: '2491b38c9a606f1da5a6377e3879c65fa8a0e24e7d1d6b12735c8d7bdf2a7de9',
    ciphertextSha256Hex: 'd740393fd67648abd3208bb45840cd39e2143c4c3c8ff06ed542794fca727d4e',
    sharedSecretHex: 'cef40602f43f417627b7d0034b00eb1a0fd7102ae7758f64b054889e5548dc2b',
  },
  {
    name: 'two',
    encapsulationKeySha256Hex: 'e698b1c2e433c27f608cba82a46a0762797fb5877803967ddb207a6bf972c797',
    ciphertextSha256Hex: '99369f8c0dbae567778897525a2b84d548d8aae6e60a2de4347ca1d773e5744f',
    sharedSecretHex: 'aa066c2c9401859b7d55574fae14395f0687c05ffaa815b6590e4012b9f97cef',
  },
]

export function argon2idCases(): KernelCase[] {
  const { invalid } = casesOf('20.9', 'argon2id')
  const base = {
    passwordHex: ascii('correct horse battery staple'),
    saltHex: run(1, 16),
    memoryKib: 64,
    passes: 1,
    parallelism: 1,
    lengthBytes: 32,
  }
  const refused = (description: string, change: Partial<typeof base>, error: string): KernelCase =>
    invalid(description, { ...base, ...change }, error)
  return [
    argon2idCase('one lane', base),
    argon2idCase('four lanes, three passes, memory that is no multiple of the lanes', {
      ...base,
      memoryKib: 131,
      passes: 3,
      parallelism: 4,
    }),
    argon2idCase('the least memory', { ...base, memoryKib: 8 }),
    argon2idCase('the empty password, the longest salt and output', {
      ...base,
      passwordHex: '',
      saltHex: pattern('argon2 salt', 64),
      lengthBytes: 64,
    }),
    refused('a salt of 15 bytes', { saltHex: run(1, 15) }, 'KERNEL_ARGUMENT'),
    refused('a salt of 65 bytes', { saltHex: run(1, 65) }, 'KERNEL_ARGUMENT'),
    refused('an output of 15 bytes', { lengthBytes: 15 }, 'KERNEL_ARGUMENT'),
    refused('an output of 65 bytes', { lengthBytes: 65 }, 'KERNEL_ARGUMENT'),
    refused('less memory than the lanes need', { memoryKib: 15, parallelism: 2 }, 'KERNEL_PARAMETER'),
    refused('more memory than the limit', { memoryKib: 1_048_577 }, 'KERNEL_PARAMETER'),
    refused('no pass', { passes: 0 }, 'KERNEL_PARAMETER'),
    refused('65 passes', { passes: 65 }, 'KERNEL_PARAMETER'),
    refused('no lane', { parallelism: 0 }, 'KERNEL_PARAMETER'),
    refused('17 lanes', { parallelism: 17, memoryKib: 1024 }, 'KERNEL_PARAMETER'),
    refused('one and a half passes', { passes: 1.5 }, 'KERNEL_PARAMETER'),
  ]
}

interface Argon2idInput {
  readonly passwordHex: string
  readonly saltHex: string
  readonly memoryKib: number
  readonly passes: number
  readonly parallelism: number
  readonly lengthBytes: number
}

function argon2idCase(description: string, input: Argon2idInput): KernelCase {
  const output = argon2Sync('argon2id', {
    message: bytesOf(input.passwordHex),
    nonce: bytesOf(input.saltHex),
    memory: input.memoryKib,
    passes: input.passes,
    parallelism: input.parallelism,
    tagLength: input.lengthBytes,
  })
  return casesOf('20.9', 'argon2id').valid(description, { ...input }, { keyHex: hex(output) })
}
