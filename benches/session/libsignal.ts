/**
 * libsignal as an application in Node uses it: two parties, PQXDH with one-time, signed and Kyber prekeys, then its
 * Double Ratchet with its post-quantum ratchet, through the stores that its API asks for.
 *
 * The stores are maps in memory. A session's record stays the object that libsignal handed over; the variant
 * `libsignal-stored` keeps its serialized bytes instead, as every application that outlives its process must. Messages
 * go through their own serialization on both sides.
 */
import type { Address, Bundle, Libsignal, SessionRecord } from './libsignal-types.ts'

/** The id of each of the three prekeys. */
const PREKEY_ID = 1
const DEVICE_ID = 1
const REGISTRATION_ID = 1
const SIGNAL_MESSAGE = 2
const NEW_OR_UNCHANGED = 0

type PrekeyKind = 'PreKey' | 'SignedPreKey' | 'KyberPreKey'

/** One party: its address, its identity and its stores. */
interface Party {
  readonly address: Address
  readonly sessions: object
  readonly identities: object
  readonly prekeys: Map<PrekeyKind, object>
}

/** What a party publishes, as bytes. */
interface Published {
  readonly identityKey: Uint8Array
  readonly prekey: Uint8Array
  readonly signedPrekey: Uint8Array
  readonly signedPrekeySignature: Uint8Array
  readonly kyberPrekey: Uint8Array
  readonly kyberPrekeySignature: Uint8Array
}

export interface LibsignalPair {
  readonly alice: Party
  readonly bob: Party
  readonly published: Published
}

export class LibsignalBench {
  readonly #lib: Libsignal
  readonly #isStored: boolean

  constructor(lib: Libsignal, { isStored }: { readonly isStored: boolean }) {
    this.#lib = lib
    this.#isStored = isStored
  }

  /** Two new parties with new keys, and Bob's bundle. */
  pair(): LibsignalPair {
    const { published, party: bob } = this.#party('bob')
    return { alice: this.#party('alice').party, bob, published }
  }

  /** Alice verifies Bob's bundle and sends; Bob answers nothing but has the first plaintext. Returns it. */
  async setUp({ alice, bob, published }: LibsignalPair, content: Uint8Array): Promise<Uint8Array> {
    const bundle = this.#bundle(published)
    await this.#lib.processPreKeyBundle(bundle, bob.address, alice.address, alice.sessions, alice.identities)
    const wire = await this.seal(alice, bob, content)
    const message = this.#lib.PreKeySignalMessage.deserialize(wire)
    return await this.#lib.signalDecryptPreKey(
      message,
      alice.address,
      bob.address,
      bob.sessions,
      bob.identities,
      keyStore(this.#lib, 'PreKey', bob.prekeys),
      keyStore(this.#lib, 'SignedPreKey', bob.prekeys),
      keyStore(this.#lib, 'KyberPreKey', bob.prekeys),
    )
  }

  /** A pair whose first flight was answered: both sides send short messages from here on. */
  async established(): Promise<LibsignalPair> {
    const pair = this.pair()
    await this.setUp(pair, new Uint8Array(64))
    await this.open(pair.alice, pair.bob, await this.seal(pair.bob, pair.alice, new Uint8Array(64)))
    await this.open(pair.bob, pair.alice, await this.seal(pair.alice, pair.bob, new Uint8Array(64)))
    return pair
  }

  async seal(from: Party, to: Party, content: Uint8Array): Promise<Uint8Array> {
    const message = await this.#lib.signalEncrypt(content, to.address, from.address, from.sessions, from.identities)
    return message.serialize()
  }

  async open(at: Party, from: Party, wire: Uint8Array): Promise<Uint8Array> {
    const message = this.#lib.SignalMessage.deserialize(wire)
    return await this.#lib.signalDecrypt(message, from.address, at.address, at.sessions, at.identities)
  }

  /** Whether the next message of a party is one that carries the handshake no more. */
  async sendsShort(from: Party, to: Party): Promise<boolean> {
    const { signalEncrypt } = this.#lib
    const message = await signalEncrypt(new Uint8Array(1), to.address, from.address, from.sessions, from.identities)
    return message.type() === SIGNAL_MESSAGE
  }

  #bundle(published: Published): Bundle {
    const { PublicKey, KEMPublicKey, PreKeyBundle } = this.#lib
    return PreKeyBundle.new(
      REGISTRATION_ID,
      DEVICE_ID,
      PREKEY_ID,
      PublicKey.deserialize(published.prekey),
      PREKEY_ID,
      PublicKey.deserialize(published.signedPrekey),
      published.signedPrekeySignature,
      PublicKey.deserialize(published.identityKey),
      PREKEY_ID,
      KEMPublicKey.deserialize(published.kyberPrekey),
      published.kyberPrekeySignature,
    )
  }

  #party(name: string): { readonly party: Party; readonly published: Published } {
    const { IdentityKeyPair, PrivateKey, KEMKeyPair, ProtocolAddress } = this.#lib
    const { PreKeyRecord, SignedPreKeyRecord, KyberPreKeyRecord } = this.#lib
    const identity = IdentityKeyPair.generate()
    const [prekey, signedPrekey, kyber] = [PrivateKey.generate(), PrivateKey.generate(), KEMKeyPair.generate()]
    const signedPublic = signedPrekey.getPublicKey()
    const signature = identity.privateKey.sign(signedPublic.serialize())
    const kyberPublic = kyber.getPublicKey().serialize()
    const kyberSignature = identity.privateKey.sign(kyberPublic)
    const nowMs = Date.now()
    const prekeys = new Map<PrekeyKind, object>([
      ['PreKey', PreKeyRecord.new(PREKEY_ID, prekey.getPublicKey(), prekey)],
      ['SignedPreKey', SignedPreKeyRecord.new(PREKEY_ID, nowMs, signedPublic, signedPrekey, signature)],
      ['KyberPreKey', KyberPreKeyRecord.new(PREKEY_ID, nowMs, kyber, kyberSignature)],
    ])
    const address = ProtocolAddress.new(name, DEVICE_ID)
    const identities = identityStore(this.#lib, identity.privateKey)
    return {
      party: { address, sessions: this.#sessionStore(), identities, prekeys },
      published: {
        identityKey: identity.publicKey.serialize(),
        prekey: prekey.getPublicKey().serialize(),
        signedPrekey: signedPublic.serialize(),
        signedPrekeySignature: signature,
        kyberPrekey: kyberPublic,
        kyberPrekeySignature: kyberSignature,
      },
    }
  }

  #sessionStore(): object {
    const { SessionRecord: Record } = this.#lib
    const isStored = this.#isStored
    const records = new Map<string, SessionRecord | Uint8Array>()
    const get = (address: Address): SessionRecord | null => {
      const kept = records.get(address.toString())
      if (kept === undefined) return null
      return kept instanceof Uint8Array ? Record.deserialize(kept) : kept
    }
    return new (class extends this.#lib.SessionStore {
      async saveSession(address: Address, record: SessionRecord): Promise<void> {
        records.set(address.toString(), isStored ? record.serialize() : record)
      }
      async getSession(address: Address): Promise<SessionRecord | null> {
        return get(address)
      }
      async getExistingSessions(addresses: readonly Address[]): Promise<SessionRecord[]> {
        return addresses.map(get).filter((record) => record !== null)
      }
    })()
  }
}

function identityStore({ IdentityKeyStore }: Libsignal, own: object): object {
  const known = new Map<string, object>()
  return new (class extends IdentityKeyStore {
    async getIdentityKey(): Promise<object> {
      return own
    }
    async getLocalRegistrationId(): Promise<number> {
      return REGISTRATION_ID
    }
    async saveIdentity(address: Address, key: object): Promise<number> {
      known.set(address.toString(), key)
      return NEW_OR_UNCHANGED
    }
    async isTrustedIdentity(): Promise<boolean> {
      return true
    }
    async getIdentity(address: Address): Promise<object | null> {
      return known.get(address.toString()) ?? null
    }
  })()
}

/** One of the three prekey stores, which differ in the names of their methods. */
function keyStore(lib: Libsignal, kind: PrekeyKind, records: Map<PrekeyKind, object>): object {
  return Object.assign(new (class extends lib[`${kind}Store`] {})(), {
    [`save${kind}`]: async (_id: number, record: object) => void records.set(kind, record),
    [`get${kind}`]: async () => records.get(kind),
    removePreKey: async () => void records.delete(kind),
    markKyberPreKeyUsed: async () => undefined,
  })
}
