/** The executor's own policy that a configuration names: read, checked and ready before anything is served. */
import { dirname, resolve } from 'node:path'
import { fromUtf8, parseJson } from '@talos/bytes'
import { cedarPolicy } from '@talos/cedar'
import type { ServeMcpOptions } from '@talos/client'
import { TalosError } from '@talos/errors'
import type { McpConfig } from '@talos/mcp'
import { readUserFile } from '../files.ts'

const FILE_MAX_BYTES = 1_048_576
const ENTITIES_MAX_DEPTH = 32

/**
 * @param configPath names in the configuration begin at its folder
 * @throws TalosError `CLI_FILE_UNREADABLE`, `CLI_FILE_TOO_LARGE`, `POLICY_INVALID`, `POLICY_ENGINE_MISSING`
 */
export async function policyOf({ settings }: McpConfig, configPath: string): Promise<ServeMcpOptions['policy']> {
  const { policy } = settings
  if (policy === undefined) return undefined
  const read = (name: string) => fromUtf8(readUserFile(resolve(dirname(configPath), name), FILE_MAX_BYTES))
  const { file, schema, entities } = policy
  return await cedarPolicy({
    policies: read(file),
    ...(schema !== undefined && { schema: read(schema) }),
    ...(entities !== undefined && { entities: entitiesOf(read(entities)) }),
  })
}

function entitiesOf(text: string): readonly object[] {
  const value = parseJson(text, { maxBytes: FILE_MAX_BYTES, maxDepth: ENTITIES_MAX_DEPTH })
  if (Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null)) return value as object[]
  throw new TalosError('POLICY_INVALID', { part: 'entities', reason: 'they are no array of objects' })
}
