/** Exports of audit logs that a thief made with the keys of an agent that has others since. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, toHex } from '@talos/bytes'
import type { Did } from '@talos/contracts'
import {
  appendEntry,
  createKeyLog,
  delegateLogKey,
  ed25519Signer,
  type Signer,
  type VerifiedKeyLog,
} from '@talos/identity'
import { portableKernel } from '@talos/kernel'
import { afterAll, describe, expect, it } from 'vitest'
import { agent } from '../../../tools/src/vectors/capability-tokens.ts'
import { canonical, checkpoint, entry, entryBytes } from '../../../tools/src/vectors/proof-scene.ts'
import { EXPORT_FORMAT } from '../src/commands/audit/export.ts'
import { verifyExport } from '../src/commands/audit/verify-export.ts'

const kernel = portableKernel()
const folder = mkdtempSync(join(tmpdir(), 'talos-export-'))
const MONTH_MS = 30 * 86_400_000

afterAll(() => rmSync(folder, { recursive: true }))

function seeded(byte: number): Signer {
  return ed25519Signer({ kernel, seed: Secret.of(new Uint8Array(32).fill(byte)) })
}

/** Logs of the agent's first key, which was stolen, and of its second. */
const [FIRST, SECOND] = [agent(2), agent(12)]
const [FIRST_LOG, SECOND_LOG] = [agent(102), agent(112)]
const origin = `talos/${FIRST.did.slice('did:key:'.length)}/1`

/** Before the theft became known, and after. */
async function keyLogs(update = 200): Promise<readonly [begun: VerifiedKeyLog, lost: VerifiedKeyLog]> {
  const log = await createKeyLog({
    signer: seeded(2),
    updateSigner: seeded(update),
    nextUpdateKeys: [seeded(201).did],
    nowMs: Date.now() - 3 * MONTH_MS,
  })
  const lost = await appendEntry(log, {
    kind: 'recover',
    signer: seeded(12),
    updateSigner: seeded(201),
    nextUpdateKeys: [seeded(202).did],
    compromised: [{ key: FIRST.did as Did, fromMs: Date.now() - 2 * MONTH_MS }],
    nowMs: Date.now() - MONTH_MS,
  })
  return [log, lost]
}

async function delegation(by: number, log: number): Promise<Uint8Array> {
  const { bytes } = await delegateLogKey({
    signer: seeded(by),
    logPublicKey: seeded(log).publicKey,
    origin,
    issuedAtS: Math.floor((Date.now() - MONTH_MS) / 1000),
  })
  return bytes
}

/** An export of one entry, signed by a key of the log. */
async function exported(
  name: string,
  given: {
    readonly key: typeof FIRST_LOG
    readonly logKeys: readonly Uint8Array[]
    readonly keyLog?: VerifiedKeyLog
  },
): Promise<string> {
  const { key, logKeys } = given
  const delegationText = Buffer.from(logKeys[0] ?? []).toString('base64url')
  const members = entry(FIRST, 0, { kind: 'log.open', log: { origin, delegation: delegationText } })
  const leaf = entryBytes(members)
  const note = checkpoint([leaf], { origin, key })
  const proof = ['c2sp.org/tlog-proof@v1', 'index 0', '', note].join('\n')
  const hash = toHex(kernel.leafHashes([leaf])[0] ?? new Uint8Array(0))
  const { text } = given.keyLog ?? (await keyLogs())[1]
  const lines = [
    {
      format: EXPORT_FORMAT,
      origin,
      size: 1,
      checkpoint: note,
      logKeys: logKeys.map((bytes) => Buffer.from(bytes).toString('base64url')),
      keyLog: text,
    },
    { index: 0, hash, entry: members, bytes: canonical(members), proof },
    { end: { entries: 1 } },
  ]
  const path = join(folder, name)
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return path
}

describe('an export', () => {
  it('is good where the key that signed it is one that the agent delegated and did not lose', async () => {
    const logKeys = [await delegation(2, 102), await delegation(12, 112)]
    const path = await exported('good.ndjson', { key: SECOND_LOG, logKeys })
    const report = await verifyExport({ path, kernel, did: SECOND.did as Did })
    expect(report).toMatchObject({ agent: FIRST.did, entries: 1, isWhole: true, isEnded: true })
  })

  it('is refused where a key signed it that a lost key delegated', async () => {
    const logKeys = [await delegation(2, 102), await delegation(12, 112)]
    const path = await exported('stolen.ndjson', { key: FIRST_LOG, logKeys })
    await expect(verifyExport({ path, kernel })).rejects.toMatchObject({ code: 'CLI_EXPORT_INVALID' })
    const alone = await exported('alone.ndjson', { key: FIRST_LOG, logKeys: logKeys.slice(0, 1) })
    await expect(verifyExport({ path: alone, kernel })).rejects.toMatchObject({ code: 'CLI_EXPORT_INVALID' })
  })

  it('is refused where the key log of the verifier knows that the key is lost, or tells another history', async () => {
    const [begun, lost] = await keyLogs()
    const path = await exported('early.ndjson', { key: FIRST_LOG, logKeys: [await delegation(2, 102)], keyLog: begun })
    expect(await verifyExport({ path, kernel })).toMatchObject({ entries: 1 })
    expect(await verifyExport({ path, kernel, known: begun })).toMatchObject({ entries: 1 })
    const refused = { code: 'CLI_EXPORT_INVALID' }
    await expect(verifyExport({ path, kernel, known: lost })).rejects.toMatchObject(refused)
    const [other] = await keyLogs(210)
    await expect(verifyExport({ path, kernel, known: other })).rejects.toMatchObject(refused)
  })
})
