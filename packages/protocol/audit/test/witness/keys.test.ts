/** Whose keys sign logs and cosign, and the lines of witnesses (spec 23-witness, 23.1, 23.2 and 23.4). */
import {
  addCosignature,
  COSIGNATURE_LEEWAY_S,
  cosignaturesOf,
  type KnownAgents,
  MAX_COSIGNATURES,
  NO_AGENTS,
  onlySignedBy,
  openLogKey,
  openWitnessKey,
  witnessName,
} from '@talos/audit'
import type { Did } from '@talos/contracts'
import { cosignCheckpoint, logVerifierKey, NOTE_COSIGNATURE, verifierKey } from '@talos/merkle'
import { describe, expect, it } from 'vitest'
import { Branch, codeOf, delegate, identity, kernel, leaves, NOW_S, originOf, outcomeOf, signerOf } from './support.ts'

const [FIRST, SECOND] = [identity(10).did, identity(12).did]
/** The second key is the first one's agent's. */
const ONE_AGENT: KnownAgents = {
  ...NO_AGENTS,
  isSame: (one, other) => [one, other].every((did) => did !== identity(14).did),
}

describe('the key of a log', () => {
  it('speaks for the log that is named after the agent of who delegated it', async () => {
    const bytes = await delegate({ by: 10, logByte: 11 })
    expect(openLogKey(bytes, { kernel })).toMatchObject({ agent: FIRST, issuer: FIRST, origin: originOf(FIRST) })
    const later = await delegate({ by: 12, logByte: 13, origin: originOf(FIRST, 7) })
    expect(openLogKey(later, { kernel, agents: ONE_AGENT })).toMatchObject({ agent: FIRST, issuer: SECOND })
    expect(await outcomeOf(() => openLogKey(later, { kernel }))).toEqual({
      code: 'WITNESS_LOG_KEY',
      reason: 'it is delegated by another agent',
    })
  })

  it('speaks for nothing of another name', async () => {
    const fingerprint = FIRST.slice('did:key:'.length)
    const names = ['log.example', `talos/${fingerprint}`, `talos/${fingerprint}/0`, `talos/witness/${fingerprint}`]
    for (const origin of [...names, `talos/${fingerprint.slice(1)}/1`, `talos/${fingerprint}/1/2`]) {
      const bytes = await delegate({ by: 10, logByte: 11, origin })
      expect(await outcomeOf(() => openLogKey(bytes, { kernel }))).toEqual({
        code: 'WITNESS_LOG_KEY',
        reason: 'its name is not of the form that is due',
      })
    }
    const nobody = await delegate({ by: 10, logByte: 11, origin: `talos/z6Mk${'1'.repeat(44)}/1` })
    expect(await codeOf(() => openLogKey(nobody, { kernel }))).toBe('WITNESS_LOG_KEY')
    const bytes = await delegate({ by: 10, logByte: 11 })
    const last = bytes.length - 1
    expect(await codeOf(() => openLogKey(bytes.with(last, 1 ^ Number(bytes[last])), { kernel }))).not.toBe(undefined)
  })
})

describe('the key of a witness', () => {
  it('is of type 04 and named after the agent of who delegated it', async () => {
    const bytes = await delegate({ by: 12, logByte: 20, origin: witnessName(FIRST) })
    const { name, agent, issuer, key } = openWitnessKey(bytes, { kernel, agents: ONE_AGENT })
    expect({ name, agent, issuer, type: key.type }).toEqual({
      name: witnessName(FIRST),
      agent: FIRST,
      issuer: SECOND,
      type: NOTE_COSIGNATURE,
    })
    expect(await codeOf(() => openWitnessKey(bytes, { kernel }))).toBe('WITNESS_LOG_KEY')
    const log = await delegate({ by: 10, logByte: 20 })
    expect(await codeOf(() => openWitnessKey(log, { kernel }))).toBe('WITNESS_LOG_KEY')
  })

  it('is taken for none only where it is none', async () => {
    const failing = {
      ...kernel,
      verifyEnvelopes: () => {
        throw new Error('the kernel failed')
      },
    }
    const bytes = await delegate({ by: 10, logByte: 20, origin: witnessName(FIRST) })
    expect(() => openWitnessKey(bytes, { kernel: failing })).toThrow('the kernel failed')
    expect(witnessName('did:key:z6Mkx' as Did)).toBe('talos/witness/z6Mkx')
  })
})

describe('lines of witnesses', () => {
  const origin = originOf(FIRST)
  const logKey = logVerifierKey({ origin, publicKey: signerOf(11).publicKey, kernel })
  const key = (byte: number) =>
    verifierKey({
      name: `witness.example/${byte}`,
      type: NOTE_COSIGNATURE,
      publicKey: signerOf(byte).publicKey,
      kernel,
    })
  const signed = async () => await new Branch(leaves(3), { origin, signer: signerOf(11) }).note()
  const lineOf = async (note: string, byte: number, timeS = NOW_S) =>
    (await cosignCheckpoint({ note, name: key(byte).name, signer: signerOf(byte), timeS, kernel })).slice(note.length)

  it('are added once for each witness, and read with the time that each says', async () => {
    const note = await signed()
    let cosigned = note
    for (const byte of [2, 3]) {
      cosigned = addCosignature(cosigned, { line: await lineOf(note, byte), key: key(byte), nowS: NOW_S, kernel })
    }
    const again = await lineOf(note, 2, NOW_S + 5)
    cosigned = addCosignature(cosigned, { line: again, key: key(2), nowS: NOW_S, kernel })
    const keys = [key(2), key(3), key(4), logKey]
    expect(cosignaturesOf(cosigned, { keys, kernel }).map(({ key: { name }, timeS }) => [name, timeS])).toEqual([
      [key(3).name, NOW_S],
      [key(2).name, NOW_S + 5],
    ])
    expect(cosignaturesOf(note, { keys, kernel })).toEqual([])
    expect(onlySignedBy(cosigned, [logKey])).toBe(note)
    expect(onlySignedBy(`${cosigned}${await lineOf(note, 3)}`, [logKey, key(3)])).toBe(
      `${note}${await lineOf(note, 3)}`,
    )
  })

  it('are refused where they are another’s, of another checkpoint, of the future, several, or none', async () => {
    const note = await signed()
    const other = await new Branch(leaves(4), { origin, signer: signerOf(11) }).note()
    const add = async (line: string) =>
      await outcomeOf(() => addCosignature(note, { line, key: key(2), nowS: NOW_S, kernel }))
    const refused = (reason: string) => ({ code: 'WITNESS_LINE_INVALID', reason })
    expect(await add(await lineOf(note, 3))).toEqual(refused('it is by another key'))
    expect(await add(await lineOf(other, 2))).toEqual(refused('it does not verify'))
    const line = await lineOf(note, 2)
    expect(await add(`${line}${line}`)).toEqual(refused('it does not verify'))
    expect(await add('')).toEqual(refused('it does not verify'))
    expect(await add(line.trimEnd())).toEqual(refused('it does not verify'))
    expect(typeof (await add(await lineOf(note, 2, NOW_S + COSIGNATURE_LEEWAY_S)))).toBe('string')
    const late = await lineOf(note, 2, NOW_S + COSIGNATURE_LEEWAY_S + 1)
    expect(await add(late)).toEqual(refused('its time is in the future'))
    expect(await codeOf(() => cosignaturesOf('', { keys: [key(2)], kernel }))).toBe('NOTE_INVALID')
  })

  it('find room for so many and no more', async () => {
    let note = await signed()
    for (let byte = 100; byte < 100 + MAX_COSIGNATURES; byte += 1) {
      note = addCosignature(note, { line: await lineOf(note, byte), key: key(byte), nowS: NOW_S, kernel })
    }
    const line = await lineOf(note, 99)
    const add = () => addCosignature(note, { line, key: key(99), nowS: NOW_S, kernel })
    expect(await outcomeOf(add)).toMatchObject({ code: 'WITNESS_FULL', limit: MAX_COSIGNATURES })
  })
})
