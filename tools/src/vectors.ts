/**
 * Generates the test vectors in `contracts/vectors`.
 *
 *     node --conditions=talos-source tools/src/vectors.ts            writes the files
 *     node --conditions=talos-source tools/src/vectors.ts --check    fails when a file on disk differs, or has no generator
 *
 * A word after the options, such as `canonical`, limits the run to that area.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { anchorVectors } from './vectors/anchor.ts'
import { auditVectors } from './vectors/audit.ts'
import { canonicalVectors } from './vectors/canonical.ts'
import { capabilityVectors } from './vectors/capability.ts'
import { envelopeVectors } from './vectors/envelope.ts'
import { framesVectors } from './vectors/frames.ts'
import { identityVectors } from './vectors/identity.ts'
import { kernelVectors } from './vectors/kernel.ts'
import { lightVectors } from './vectors/light.ts'
import { linkVectors } from './vectors/link.ts'
import { mcpVectors } from './vectors/mcp.ts'
import { merkleVectors } from './vectors/merkle.ts'
import { proofVectors } from './vectors/proof.ts'
import { sessionVectors } from './vectors/session.ts'
import type { VectorGenerator } from './vectors/vector-file.ts'
import { witnessVectors } from './vectors/witness.ts'

/** The generators by area, which is the folder's name; one line each. */
const GENERATORS: Readonly<Record<string, VectorGenerator>> = {
  anchor: anchorVectors,
  audit: auditVectors,
  canonical: canonicalVectors,
  capability: capabilityVectors,
  envelope: envelopeVectors,
  frames: framesVectors,
  identity: identityVectors,
  kernel: kernelVectors,
  light: lightVectors,
  link: linkVectors,
  mcp: mcpVectors,
  merkle: merkleVectors,
  proof: proofVectors,
  session: sessionVectors,
  witness: witnessVectors,
}

const folder = join(import.meta.dirname, '..', '..', 'contracts', 'vectors')

async function run({ check, areas }: { check: boolean; areas: readonly string[] }): Promise<number> {
  const known = new Set<string>()
  let stale = 0
  for (const [area, generate] of Object.entries(GENERATORS)) {
    if (areas.length > 0 && !areas.includes(area)) continue
    for (const { path, file } of await generate()) {
      if (!path.startsWith(`${area}/`)) throw new Error(`${path} is not in the area ${area}`)
      known.add(path)
      stale += place({ path, text: `${JSON.stringify(file, undefined, 2)}\n`, check })
    }
  }
  if (check && areas.length === 0) stale += reportUnknown(known)
  return stale === 0 ? 0 : 1
}

/** Writes or compares one file; returns 1 where a comparison fails. */
function place({ path, text, check }: { path: string; text: string; check: boolean }): number {
  const target = join(folder, path)
  const current = existsSync(target) ? readFileSync(target, 'utf8') : undefined
  if (current === text) return 0
  if (check) {
    process.stderr.write(`stale: contracts/vectors/${path} (run "npm run vectors")\n`)
    return 1
  }
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text)
  process.stdout.write(`wrote contracts/vectors/${path}\n`)
  return 0
}

function reportUnknown(known: ReadonlySet<string>): number {
  const present = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.json'))
  const unknown = present.map((path) => path.replaceAll('\\', '/')).filter((path) => !known.has(path))
  for (const path of unknown) process.stderr.write(`no generator: contracts/vectors/${path}\n`)
  return unknown.length
}

const words = process.argv.slice(2)
process.exitCode = await run({
  check: words.includes('--check'),
  areas: words.filter((word) => !word.startsWith('--')),
})
