/** What tool calls leave behind: arguments and results in no file of either side, in no event, and in no export that hides them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toBase64, toBase64url, toHex, utf8 } from '@talos/bytes'
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { Stage } from './stage.ts'

const ARGUMENT = 'the-planted-argument-9c41'
const FORBIDDEN = 'the-planted-refusal-5d02'

/** As text, and as it stands within base64 at each of its three offsets. */
function formsOf(secret: string): Buffer[] {
  const bytes = utf8(secret)
  const inner = [0, 1, 2].flatMap((offset) => {
    const padded = new Uint8Array([...new Uint8Array(offset), ...bytes])
    return [toBase64(padded), toBase64url(padded)].map((text) => text.slice(4, -6))
  })
  return [secret, toHex(bytes), ...inner].map((text) => Buffer.from(text))
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('a tool call', () => {
  it('leaves its arguments and its result in no file, event, served tile or export that hides them', async () => {
    await using stage = await Stage.with(['alice'])
    await stage.grant('alice', { tool: { server: 'tools', tool: 'say' } })
    const [alice, bob] = [stage.of('alice'), stage.of('bob')]
    const { invocation, outcome } = await stage.call('alice', 'say', { arguments: { words: ARGUMENT } })
    expect(outcome).toBe('allow')
    const refused = await stage.call('alice', 'write', { arguments: { words: FORBIDDEN } })
    expect(refused.outcome).toBe('deny')
    const hidden = await alice.exportProof(invocation, { hideContents: true })
    const deny = await alice.exportProof(refused.invocation, { hideContents: true })
    const verdicts = [hidden, deny].map((text) => verifyProofBundle(text, { kernel: alice.kernel }).integrity.intact)
    expect(verdicts).toEqual([true, true])
    for (const { log } of [alice, bob]) {
      await log.checkpoint()
      log.search.catchUp()
    }

    const served = [alice, bob].map(({ log: { reader } }) =>
      Buffer.from(reader.bundle({ index: 0, width: reader.size })),
    )
    const said = [hidden, deny, JSON.stringify(stage.events)].map((text) => Buffer.from(text))
    const files = filesBelow(stage.home).filter((path) => path !== stage.notesPath)
    expect(files.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual(
      expect.arrayContaining(['audit.db', 'audit.db-wal', 'agent.db', 'agent.db-wal']),
    )
    const places = [
      ...files.map((path) => [path, readFileSync(path)] as const),
      ...[...served, ...said].map((bytes) => ['said', bytes] as const),
    ]
    const found = places.flatMap(([place, bytes]) =>
      [...formsOf(ARGUMENT), ...formsOf(FORBIDDEN)]
        .filter((form) => bytes.includes(form))
        .map((form) => `${place}: ${form.toString('latin1')}`),
    )
    expect(found).toEqual([])
    // The search finds what is there: what is shown is in the proof that shows it.
    const shown = await alice.exportProof(invocation, { disclose: ['arguments:/words'] })
    expect(formsOf(ARGUMENT).some((form) => Buffer.from(shown).includes(form))).toBe(true)
  })
})
