/** What is refused in a bundle's form and in its identities. */
import { type Agent, agent } from './capability-tokens.ts'
import {
  base64url,
  caller,
  canonical,
  documentOf,
  executor,
  logKey,
  logOf,
  NOW,
  scene,
  stranger,
} from './proof-scene.ts'

// biome-ignore lint/suspicious/noExplicitAny: negative cases change any member
export type Bundle = any

/** One refusal: `layer` has the check that failed first, `error` is its code. */
export function refusal(
  error: string,
  given: { readonly clause: string; readonly layer: string; readonly description: string; readonly nowS?: number },
  bundle: Bundle,
): object {
  const { clause, layer, description, nowS = NOW + 3600 } = given
  const text = typeof bundle === 'string' ? bundle : canonical(bundle)
  return { clause, description, valid: false, input: { bundle: text, nowS }, error, layer }
}

/** The ordinary bundle, changed. */
function changed(change: (bundle: Bundle) => void): Bundle {
  const { bundle } = scene()
  change(bundle)
  return bundle
}

export function formCases(): readonly object[] {
  const text = canonical(scene().bundle)
  const form = (description: string, bundle: Bundle): object =>
    refusal('PROOF_FORM_INVALID', { clause: '12.2', layer: 'form', description }, bundle)
  return [
    form('no JSON', 'talos-proof/v1'),
    form('nothing', ''),
    form('a line feed at the end', `${text}\n`),
    form('the end is missing', text.slice(0, -1)),
    form('a space', text.replace(':', ': ')),
    form('members in another order', `{"format":"talos-proof/v1",${text.slice(1)}`),
    form('a list', '[]'),
    form('nests too deeply', `${'['.repeat(65)}${']'.repeat(65)}`),
    form(
      'another format',
      changed((bundle) => Object.assign(bundle, { format: 'talos-proof/v2' })),
    ),
    form(
      'no format',
      changed((bundle) => Reflect.deleteProperty(bundle, 'format')),
    ),
    form(
      'an unknown member',
      changed((bundle) => Object.assign(bundle, { comment: 'believe me' })),
    ),
    refusal(
      'PROOF_ANCHOR_FORM',
      { clause: '12.2', layer: 'anchors', description: 'an anchor that is a text' },
      changed((bundle) => bundle.anchors.push('AA')),
    ),
    ...['identity', 'intent', 'execution', 'authority'].flatMap(layerFormCases),
    refusal(
      'PROOF_DISCLOSURE_FORM',
      { clause: '12.2', layer: 'disclosures', description: 'no disclosures, not even none' },
      changed((bundle) => Reflect.deleteProperty(bundle, 'disclosures')),
    ),
  ]
}

function layerFormCases(layer: string): readonly object[] {
  const name = layer.toUpperCase()
  const given = (description: string) => ({ clause: '12.2', layer, description })
  return [
    refusal(
      `PROOF_${name}_ABSENT`,
      given(`no ${layer}`),
      changed((bundle) => Reflect.deleteProperty(bundle, layer)),
    ),
    refusal(
      `PROOF_${name}_FORM`,
      given(`an unknown member in ${layer}`),
      changed((bundle) => Object.assign(bundle[layer], { comment: 'believe me' })),
    ),
    refusal(
      `PROOF_${name}_FORM`,
      given(`${layer} is a text`),
      changed((bundle) => Object.assign(bundle, { [layer]: '' })),
    ),
  ]
}

export function identityCases(): readonly object[] {
  return [...sideCases('agent', caller), ...sideCases('executor', executor)]
}

function sideCases(side: 'agent' | 'executor', party: Agent): readonly object[] {
  const log = logOf(party)
  const say = (code: string, description: string, change: (party: Bundle) => void): object =>
    refusal(
      `PROOF_IDENTITY_${code}`,
      { clause: '12.4', layer: 'identity', description: `${side}: ${description}` },
      changed((bundle) => change(bundle.identity[side])),
    )
  const key = (description: string, code: string, bytes: string): object =>
    say(code, description, (member) => Object.assign(member, { logKey: bytes }))
  const service = { id: `${party.did}#talos`, type: 'TalosEndpoint', serviceEndpoint: 'tls://example.org:1' }
  const corrupt = logKey(party, log)
  corrupt.bytes.writeUInt8(corrupt.bytes.readUInt8(10) ^ 1, 10)
  return [
    say('HISTORY', 'an earlier key that is none', (member) => member.history.push('AA')),
    say('DOCUMENT', "somebody else's document", (member) => Object.assign(member, { document: documentOf(stranger) })),
    say('DOCUMENT', 'a service, which nothing signs', (member) =>
      Object.assign(member.document, { service: [service] }),
    ),
    say('DOCUMENT', 'another DID', (member) => Object.assign(member, { did: stranger.did })),
    key('a log key delegation that was changed', 'LOG_KEY', base64url(corrupt)),
    key('no bytes', 'LOG_KEY', 'A'),
    key('a log key that somebody else delegated', 'LOG_KEY', base64url(logKey(stranger, log))),
    key("somebody else's log", 'ORIGIN', base64url(logKey(party, log, { origin: `talos/${agent(9).did.slice(8)}/1` }))),
    key('epoch 0', 'ORIGIN', base64url(logKey(party, log, { origin: `talos/${party.did.slice(8)}/0` }))),
    key(
      'a name before the name',
      'ORIGIN',
      base64url(logKey(party, log, { origin: `x/talos/${party.did.slice(8)}/1` })),
    ),
  ]
}
