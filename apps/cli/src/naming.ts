/** Agents by either of their names (spec 21-identity-lifecycle): a key of theirs, or the durable `did:talos`. */
import type { IdentityView } from '@talos/capability'
import { openAgentReader } from '@talos/client'
import { type Did, type DidKey, parseDid } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import type { Context } from './context.ts'
import { invalid, parseDidOption } from './values.ts'

const DURABLE_PREFIX = 'did:talos:'

/** Whether a name is meant to be a durable one. */
export function isDurable(text: string): boolean {
  return text.startsWith(DURABLE_PREFIX)
}

/**
 * A key of the agent that is meant: as it was typed, or for a durable name the one that the agent has now, as far as this
 * agent knows.
 *
 * @throws TalosError `CLI_OPTION_INVALID`, and for a durable name what opens the agent for reading
 */
export function agentKey(context: Context, text: string, option: string): DidKey {
  if (!isDurable(text)) return parseDidOption(text, option)
  using reader = openAgentReader(context.agentName, { home: context.home.root })
  return keyOf(reader.identities, text, option)
}

/** The same, by what a running agent knows. @throws TalosError `CLI_OPTION_INVALID` */
export function keyOf(identities: IdentityView, text: string, option: string): DidKey {
  if (!isDurable(text)) return parseDidOption(text, option)
  const current = identities.currentOf(durableOf(text, option))
  if (isDurable(current)) throw invalid(option, 'no key log of that agent is known here; name it by its did:key')
  return parseDidOption(current, option)
}

function durableOf(text: string, option: string): Did {
  try {
    return parseDid(text)
  } catch (error) {
    if (isTalosError(error, 'SCHEMA_INVALID')) throw invalid(option, 'it is not a did:talos')
    throw error
  }
}
