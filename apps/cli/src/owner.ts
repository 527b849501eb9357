/** Commands that run an agent until they are told to stop: `listen`, `mcp serve`, `mcp connect`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClientEvent, TalosClient } from '@talos/client'
import { isTalosError, type TalosError } from '@talos/errors'
import { systemClock } from '@talos/kernel'
import { openAnchoring } from './anchoring.ts'
import type { Context } from './context.ts'
import { findSocketPath } from './control/path.ts'
import type { Performer } from './control/performer.ts'
import { RETRY_MS, WAIT_FOR_OWNER_MS } from './control/protocol.ts'
import { ControlServer } from './control/server.ts'
import { GrantCourier } from './courier.ts'
import { tellSession } from './session-events.ts'
import { WaitingCalls } from './waiting.ts'

export interface OwnerOptions {
  /** The command, such as `mcp serve`. */
  readonly command: string
  readonly onEvent?: (event: ClientEvent) => void
}

/** A running agent that other commands of this user can reach. */
export interface OwnedAgent extends AsyncDisposable {
  readonly client: TalosClient
}

/**
 * Opens the agent and its control socket. Without a usable socket the agent runs all the same, and says so.
 *
 * @throws TalosError of the passphrase and of `TalosClient.open`
 */
export async function own(context: Context, { command, onEvent }: OwnerOptions): Promise<OwnedAgent> {
  const name = context.agentName
  const { path: folder } = context.home.open(name)
  const passphrase = await context.passphrase({ name })
  let courier: GrantCourier | undefined
  const waiting = new WaitingCalls()
  const client = await openSoon(folder, async () => {
    return await TalosClient.open(name, {
      home: context.home.root,
      passphrase,
      anchoring: openAnchoring,
      onEvent: (event) => {
        courier?.notice(event)
        waiting.notice(event, systemClock.nowMs())
        tellSession(context.output, event)
        onEvent?.(event)
      },
    })
  })
  courier = new GrantCourier(client)
  const control = await startControl(context, { client, command, folder, waiting })
  return {
    client,
    [Symbol.asyncDispose]: async () => {
      await control?.close()
      await client.close()
    },
  }
}

/** A command that runs for a moment has no socket; it is waited for. @throws TalosError `AGENT_LOCKED` */
async function openSoon(folder: string, open: () => Promise<TalosClient>): Promise<TalosClient> {
  const untilMs = performance.now() + WAIT_FOR_OWNER_MS
  for (;;) {
    try {
      return await open()
    } catch (error) {
      const isBrief = isTalosError(error, 'AGENT_LOCKED') && !mayTakeRequests(folder)
      if (!isBrief || performance.now() > untilMs) throw error
    }
    await sleep(RETRY_MS)
  }
}

function mayTakeRequests(folder: string): boolean {
  try {
    return findSocketPath(folder) !== undefined
  } catch {
    // Without a usable place for a socket nobody has one.
    return false
  }
}

async function startControl(
  { output }: Context,
  options: Performer & { readonly folder: string },
): Promise<ControlServer | undefined> {
  const onFailure = (error: TalosError) => output.error(error)
  try {
    return await ControlServer.start({ ...options, onFailure })
  } catch (error) {
    if (!isTalosError(error, 'CONTROL_SOCKET')) {
      await options.client.close()
      throw error
    }
    output.error(error)
    return undefined
  }
}

/** Resolves at Ctrl-C, SIGTERM or SIGHUP; a second one ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    const stop = () => {
      for (const signal of signals) process.removeListener(signal, stop)
      resolve()
    }
    for (const signal of signals) process.on(signal, stop)
  })
}
