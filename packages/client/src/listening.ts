/** Taking links from peers, and the invitations that lead them here. */
import { createInvitation } from '@talos/identity'
import type { Agent } from './agent.ts'
import { nowS } from './options.ts'
import type { Wire } from './wire.ts'

const DEFAULT_ENDPOINT = 'tls://127.0.0.1:0'
const DEFAULT_INVITATION_S = 24 * 3_600

export interface ListenOptions {
  /** Where to listen; a free port on loopback unless given. */
  readonly endpoint?: string
  /** Addresses for invitations, where peers see others than the listener. */
  readonly advertise?: readonly string[]
}

export interface Listening extends AsyncDisposable {
  readonly endpoints: readonly string[]
  /** A signed invitation that carries DID, addresses and transport key; text. Valid for a day unless told otherwise. */
  createInvitation(options?: { readonly validForS?: number; readonly name?: string }): Promise<string>
  close(): Promise<void>
}

export async function startListening(
  { agent, wire }: { readonly agent: Agent; readonly wire: Wire },
  { endpoint = DEFAULT_ENDPOINT, advertise }: ListenOptions,
): Promise<Listening> {
  const listener = await wire.listen(endpoint)
  const endpoints = advertise ?? listener.endpoints
  const close = async () => await listener.close()
  return {
    endpoints,
    close,
    [Symbol.asyncDispose]: close,
    createInvitation: async ({ validForS = DEFAULT_INVITATION_S, name } = {}) => {
      const { signer, clock } = agent
      const { transportKey } = wire
      const issuedAtS = nowS(clock)
      const expiresS = issuedAtS + validForS
      const optional = { id: agent.keyLog.name, ...(name !== undefined && { name }) }
      return await createInvitation({ signer, endpoints, transportKey, issuedAtS, expiresS, ...optional })
    },
  }
}
