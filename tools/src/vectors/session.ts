/** The vectors of Talos Session 1: there are none in the field for a ratchet, so these state keys, nonces, drops and all. */
import { bundleCases } from './session-bundle.ts'
import { numbered } from './session-cast.ts'
import { handshakeCases } from './session-handshake.ts'
import { ratchetCases } from './session-ratchet.ts'
import { paddingCases, stateCases } from './session-state.ts'
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
    vectorFile('padding', { subject: 'padded sizes', spec: session, cases: numbered('padding', paddingCases()) }),
  ]
}

function vectorFile(name: string, body: object): VectorFile {
  return { path: `session/${name}.json`, file: { format: 'talos-vectors/1', ...body } }
}
