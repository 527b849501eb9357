/** Looking into an agent's folder without owning the agent: no passphrase, no lock, next to whoever runs it. */
import { type AgentReader, openAgentReader } from '@talos/client'
import type { Context } from './context.ts'

/** Does something with the agent's log and database, then closes them. @throws TalosError of `openAgentReader` */
export async function reading<T>(context: Context, work: (reader: AgentReader) => T | Promise<T>): Promise<T> {
  using reader = openAgentReader(context.agentName, { home: context.home.root })
  return await work(reader)
}
