/** The part of `@signalapp/libsignal-client` that is measured, as its declarations have it: the package may be absent. */

interface Keyed {
  serialize(): Uint8Array
}

interface PublicKey extends Keyed {
  equals(other: PublicKey): boolean
}

interface PrivateKey extends Keyed {
  sign(message: Uint8Array): Uint8Array
  agree(other: PublicKey): Uint8Array
  getPublicKey(): PublicKey
}

interface KemKeyPair {
  getPublicKey(): Keyed
}

interface CiphertextMessage extends Keyed {
  type(): number
}

/** Objects that this benchmark only hands back. */
interface Opaque<Name extends string> {
  readonly brand?: Name
}
export type Address = Opaque<'address'> & { toString(): string }
export type Bundle = Opaque<'bundle'>
type SignalMessage = Opaque<'message'>
type FirstMessage = Opaque<'first message'>

export interface SessionRecord extends Keyed {
  hasCurrentState(): boolean
}

/** The stores are abstract classes that the application fills. */
type AbstractStore = abstract new () => object

interface IdentityKeyPair {
  readonly publicKey: PublicKey
  readonly privateKey: PrivateKey
}

type Sessions = readonly [address: Address, local: Address, sessions: object, identities: object]

export interface Libsignal {
  readonly PublicKey: { deserialize(bytes: Uint8Array): PublicKey }
  readonly PrivateKey: { generate(): PrivateKey }
  readonly KEMPublicKey: { deserialize(bytes: Uint8Array): Keyed }
  readonly KEMKeyPair: { generate(): KemKeyPair }
  readonly IdentityKeyPair: { generate(): IdentityKeyPair }
  readonly ProtocolAddress: { readonly new: (name: string, deviceId: number) => Address }
  readonly SessionRecord: { deserialize(bytes: Uint8Array): SessionRecord }
  readonly SignalMessage: { deserialize(bytes: Uint8Array): SignalMessage }
  readonly PreKeySignalMessage: { deserialize(bytes: Uint8Array): FirstMessage }
  readonly PreKeyRecord: { readonly new: (id: number, publicKey: PublicKey, privateKey: PrivateKey) => object }
  readonly SignedPreKeyRecord: {
    readonly new: (
      id: number,
      timestamp: number,
      publicKey: PublicKey,
      privateKey: PrivateKey,
      signature: Uint8Array,
    ) => object
  }
  readonly KyberPreKeyRecord: {
    readonly new: (id: number, timestamp: number, pair: KemKeyPair, signature: Uint8Array) => object
  }
  readonly PreKeyBundle: {
    readonly new: (
      registrationId: number,
      deviceId: number,
      prekeyId: number,
      prekey: PublicKey,
      signedPrekeyId: number,
      signedPrekey: PublicKey,
      signedPrekeySignature: Uint8Array,
      identityKey: PublicKey,
      kyberPrekeyId: number,
      kyberPrekey: Keyed,
      kyberPrekeySignature: Uint8Array,
    ) => Bundle
  }
  readonly SessionStore: AbstractStore
  readonly IdentityKeyStore: AbstractStore
  readonly PreKeyStore: AbstractStore
  readonly SignedPreKeyStore: AbstractStore
  readonly KyberPreKeyStore: AbstractStore
  readonly Aes256GcmSiv: {
    readonly new: (key: Uint8Array) => {
      encrypt(message: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array): Uint8Array
    }
  }
  readonly hkdf: (lengthBytes: number, ikm: Uint8Array, label: Uint8Array, salt: Uint8Array | null) => Uint8Array
  readonly processPreKeyBundle: (bundle: Bundle, ...places: Sessions) => Promise<void>
  readonly signalEncrypt: (message: Uint8Array, ...places: Sessions) => Promise<CiphertextMessage>
  readonly signalDecrypt: (message: SignalMessage, ...places: Sessions) => Promise<Uint8Array>
  readonly signalDecryptPreKey: (
    message: FirstMessage,
    ...places: readonly [...Sessions, prekeys: object, signedPrekeys: object, kyberPrekeys: object]
  ) => Promise<Uint8Array>
}
