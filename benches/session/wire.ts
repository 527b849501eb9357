/** Bytes of a message on the wire beyond its content, in a session that both sides confirmed. */
import { portableKernel } from '@talos/kernel'
import { paddedSize } from '@talos/session'
import type { FactTable } from '../harness/report.ts'
import { LibsignalBench } from './libsignal.ts'
import type { Libsignal } from './libsignal-types.ts'
import { SIZES } from './scenarios.ts'
import { TalosBench } from './talos.ts'

export interface WireOverhead {
  /** Header, nonce, tags, commitment and framing: the same for every size. */
  readonly talosBytes: number
  readonly table: FactTable
}

export async function wireOverhead(libsignal: Libsignal | undefined): Promise<WireOverhead> {
  const { alice } = await new TalosBench(portableKernel()).established()
  const rows: { readonly name: string; readonly values: number[] }[] = [
    { name: 'talos: header, nonce, tags, commitment, framing', values: [] },
    { name: 'talos: the same and padding', values: [] },
    { name: 'libsignal: all of it', values: [] },
  ]
  const [framing, padded, theirs] = rows
  for (const { sizeBytes } of SIZES) {
    const wireBytes = alice.send(new Uint8Array(sizeBytes)).length
    framing?.values.push(wireBytes - paddedSize(sizeBytes, 'padme'))
    padded?.values.push(wireBytes - sizeBytes)
  }
  if (libsignal !== undefined) {
    const bench = new LibsignalBench(libsignal, { isStored: false })
    const pair = await bench.established()
    for (const { sizeBytes } of SIZES) {
      theirs?.values.push((await bench.seal(pair.alice, pair.bob, new Uint8Array(sizeBytes))).length - sizeBytes)
    }
  }
  const title = 'Bytes on the wire beyond the content (libsignal: an 8-byte tag, a clear header, no commitment)'
  const table = {
    title,
    columns: SIZES.map((size) => size.title),
    rows: rows.filter(({ values }) => values.length > 0),
  }
  return { talosBytes: Math.max(...(framing?.values ?? [])), table }
}
