/** What `listen` and `mcp serve` share: an address, and an invitation to it. */
import type { TalosClient } from '@talos/client'
import type { Command } from 'commander'
import { parseDuration } from '../values.ts'

const DEFAULT_ENDPOINT = 'tls://127.0.0.1:0'

export interface ListeningOptions {
  readonly endpoint: string
  readonly advertise?: readonly string[]
  readonly validFor: string
}

/** Where an agent listens, and the invitation that leads there. */
export interface Invited extends AsyncDisposable {
  readonly endpoints: readonly string[]
  readonly invitation: string
}

export function addListening(command: Command): Command {
  return command
    .option('--endpoint <url>', 'where to listen; port 0 takes any', DEFAULT_ENDPOINT)
    .option('--advertise <url>', 'address for the invitation, where peers see another; repeatable', collect)
    .option('--valid-for <duration>', 'how long the invitation is valid', '24h')
}

/** @throws TalosError `CLI_OPTION_INVALID`, `NETWORK_ENDPOINT_INVALID`, `NETWORK_LISTEN_FAILED`, `INVITATION_INVALID` */
export async function startListening(client: TalosClient, options: ListeningOptions): Promise<Invited> {
  const { endpoint, advertise } = options
  const validForS = parseDuration(options.validFor, '--valid-for')
  const listening = await client.listen({ endpoint, ...(advertise !== undefined && { advertise }) })
  try {
    const invitation = await listening.createInvitation({ validForS })
    return {
      endpoints: listening.endpoints,
      invitation,
      [Symbol.asyncDispose]: async () => await listening.close(),
    }
  } catch (error) {
    await listening.close()
    throw error
  }
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}
