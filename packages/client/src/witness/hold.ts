/**
 * Signing is held while it is not known how far this agent's own log went (spec 23-witness, 23.9): after a start from an
 * older copy of the database, until a peer has said how far it has seen the log. Entries are appended as ever.
 */
import { TalosError } from '@talos/errors'
import type { NoteSigner } from '@talos/merkle'
import type { AgentDatabase } from '@talos/storage'

const HOLD_SETTING = 'log.hold'

/** Nothing is signed from the next start on. Without peers there is nobody to ask. @throws TalosError `STORE_WRITE_FAILED` */
export function holdSigning({ settings, peers }: Pick<AgentDatabase, 'settings' | 'peers'>): void {
  if (peers.list().length > 0) settings.set(HOLD_SETTING, '1')
}

export class SigningHold {
  readonly #settings: AgentDatabase['settings']
  #isHeld: boolean

  constructor({ settings }: Pick<AgentDatabase, 'settings'>) {
    this.#settings = settings
    this.#isHeld = settings.get(HOLD_SETTING) !== undefined
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  /** It is known now, or nobody is to be asked. @throws TalosError `STORE_WRITE_FAILED` */
  release(): void {
    this.#settings.remove(HOLD_SETTING)
    this.#isHeld = false
  }

  /** A signer that signs nothing while signing is held: it throws `WITNESS_HOLD`. */
  guard(signer: NoteSigner): NoteSigner {
    return {
      publicKey: signer.publicKey,
      sign: async (message) => {
        if (this.#isHeld) throw new TalosError('WITNESS_HOLD')
        return await signer.sign(message)
      },
    }
  }
}
