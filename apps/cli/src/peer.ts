/** Reaching a peer that is named by an invitation or by its DID. */
import type { TalosClient } from '@talos/client'
import type { Did } from '@talos/contracts'
import { keyOf } from './naming.ts'

const INVITATION_PREFIX = 'talos1:'

/** Who is meant; an invitation is checked and remembered. @throws TalosError `CLI_OPTION_INVALID`, `INVITATION_*` */
export function peerOf(client: TalosClient, text: string): Did {
  return text.trim().startsWith(INVITATION_PREFIX) ? client.addPeer(text) : keyOf(client.identities, text, 'PEER')
}

/** Opens a link and, where there is none, a session. @throws TalosError what dialling and the handshake throw */
export async function reach(client: TalosClient, peer: Did): Promise<void> {
  await client.connect(peer)
  if (client.session(peer) === undefined) await client.establishSession(peer)
}
