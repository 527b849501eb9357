/** Looking into an agent's folder without owning the agent: no passphrase, no lock, next to whoever runs it. */
import { type AgentReader, openAgentReader } from '@talos/client'
import { isTalosError, type TalosError } from '@talos/errors'
import type { Context } from './context.ts'

/** Does something with the agent's log and database, then closes them. @throws TalosError of `openAgentReader` */
export async function reading<T>(context: Context, work: (reader: AgentReader) => T | Promise<T>): Promise<T> {
  using reader = openAgentReader(context.agentName, { home: context.home.root })
  return await work(reader)
}

/**
 * The same for what shows the log: a log that was set back is shown, as its owner has to look at it, and never without a word.
 *
 * @returns what is wrong with it as a whole, which was told already; undefined where nothing shows at a glance
 * @throws TalosError that, where it is to be refused
 */
export async function readingLog(
  context: Context,
  work: (reader: AgentReader) => void | Promise<void>,
  { refuses = false }: { readonly refuses?: boolean } = {},
): Promise<TalosError | undefined> {
  return await reading(context, async (reader) => {
    const fault = await faultOf(reader)
    if (fault !== undefined && refuses) throw fault
    if (fault !== undefined) context.output.warn(fault)
    await work(reader)
    return fault
  })
}

/** Damage is named where it is read. */
async function faultOf(reader: AgentReader): Promise<TalosError | undefined> {
  try {
    await reader.requireSigned()
    return undefined
  } catch (error) {
    if (isTalosError(error, 'AUDIT_ROLLBACK')) return error
    if (isTalosError(error)) return undefined
    throw error
  }
}
