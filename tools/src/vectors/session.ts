/** The vectors of Talos Session 1: there are none in the field for a ratchet, so these state keys, nonces, drops and all. */
import { bundleCases } from './session-bundle.ts'
import { numbered } from './session-cast.ts'
import { exporterCases } from './session-exporter.ts'
import { handshakeCases } from './session-handshake.ts'
import { leaseCases } from './session-lease.ts'
import { legacyCases } from './session-legacy.ts'
import { postQuantumCases } from './session-post-quantum.ts'
import { ratchetCases } from './session-ratchet.ts'
import { resetCases } from './session-reset.ts'
import { paddingCases, stateCases } from './session-state.ts'
import { streamCases } from './session-stream.ts'
import type { VectorFile } from './vector-file.ts'

export async function sessionVectors(): Promise<readonly VectorFile[]> {
  const [handshake, session] = ['05-prekeys-handshake', '06-session']
  return [
    vectorFile('bundle', {
      subject: 'served prekey bundles',
      spec: handshake,
      cases: numbered('bundle', await bundleCases()),
    }),
    vectorFile('handshake', {
      subject: 'handshakes and first flights',
      spec: handshake,
      cases: numbered('handshake', await handshakeCases()),
    }),
    vectorFile('ratchet', {
      subject: 'messages of a session',
      spec: session,
      cases: numbered('ratchet', await ratchetCases()),
    }),
    vectorFile('state', {
      subject: 'stored session records',
      spec: session,
      cases: numbered('state', await stateCases()),
    }),
    vectorFile('lease', {
      subject: 'send leases and processes that die',
      spec: session,
      cases: numbered('lease', await leaseCases()),
    }),
    vectorFile('post-quantum', {
      subject: 'the sparse post-quantum step',
      spec: session,
      cases: numbered('pq', await postQuantumCases()),
    }),
    vectorFile('stream', {
      subject: 'streams of chunks',
      spec: session,
      cases: numbered('stream', await streamCases()),
    }),
    vectorFile('exporter', {
      subject: 'keys that a session exports',
      spec: session,
      cases: numbered('exporter', await exporterCases()),
    }),
    vectorFile('reset', { subject: 'signed resets', spec: session, cases: numbered('reset', await resetCases()) }),
    vectorFile('legacy', {
      subject: 'messages of a ratchet without authentication, all refused',
      spec: handshake,
      cases: numbered('legacy', legacyCases()),
    }),
    vectorFile('padding', { subject: 'padded sizes', spec: session, cases: numbered('padding', paddingCases()) }),
  ]
}

function vectorFile(name: string, body: object): VectorFile {
  return { path: `session/${name}.json`, file: { format: 'talos-vectors/1', ...body } }
}
