/** `talos identity resolve`: what a DID says now, by its document or key log. */

import { fromUtf8 } from '@talos/bytes'
import { openAgentReader } from '@talos/client'
import type { Did } from '@talos/contracts'
import { isTalosError } from '@talos/errors'
import { type DidResolution, KEY_LOG_MAX_BYTES } from '@talos/identity'
import { loadKernel, systemClock } from '@talos/kernel'
import { createResolver, type LogSource } from '@talos/resolver'
import type { Command } from 'commander'
import { Context, type Shell } from '../../context.ts'
import { readUserFile } from '../../files.ts'
import { factsOf } from './look.ts'

const EXAMPLES = `
did:key answers for itself, did:web and did:webvh are fetched over HTTPS, did:talos is looked for among the key logs that the
agent knows, or in a file (--log).

Examples:
  $ talos identity resolve did:web:example.com
  $ talos identity resolve did:talos:Qm… --log did.jsonl --json`

interface ResolveOptions {
  readonly log?: string
  readonly allowPrivate?: boolean
}

export function addResolve(identity: Command, shell: Shell): void {
  identity
    .command('resolve')
    .argument('<did>', 'did:key, did:web, did:webvh or did:talos')
    .description('show the document of a DID')
    .option('--log <file>', 'the key log of a did:talos (did.jsonl)')
    .option('--allow-private', 'also connect to private and loopback addresses')
    .addHelpText('after', EXAMPLES)
    .action(async (did: string, { log, allowPrivate = false }: ResolveOptions, command: Command) => {
      const resolver = createResolver({
        kernel: loadKernel(),
        clock: systemClock,
        allowPrivateAddresses: allowPrivate,
        source: log === undefined ? knownTo(new Context(shell, command)) : fileSource(log),
      })
      const answer = await resolver.resolve(did)
      shell.output.result(resultOf(answer), () => [
        JSON.stringify(answer.json, null, 2),
        ...(answer.document === undefined ? ['The document breaks rules of DID 1.1: take no key from it.'] : []),
      ])
    })
}

function resultOf({ did, json, document, log, fetchedMs }: DidResolution) {
  return {
    did,
    document: json,
    valid: document !== undefined,
    fetchedMs,
    ...(log !== undefined && { log: factsOf(log) }),
  }
}

function fileSource(path: string): LogSource {
  return async () => ({ text: fromUtf8(readUserFile(path, KEY_LOG_MAX_BYTES)) })
}

/** The agent's own log, and those of its peers; without an agent, none. */
function knownTo(context: Context): LogSource {
  return async (scid) => {
    const id = `did:talos:${scid}` as Did
    try {
      using reader = openAgentReader(context.agentName, { home: context.home.root })
      const { keyLog, database } = reader
      const text = keyLog?.name === id ? keyLog.text : database.identities.log(id)
      return text === undefined ? undefined : { text }
    } catch (error) {
      if (isTalosError(error, 'CLI_AGENT_NONE')) return undefined
      throw error
    }
  }
}
