/** What the checks, layers and parts are about, in plain words. */
import type { ProofFacts } from '@talos/proof'

export const LAYERS = {
  structural: ['Structure', 'Is every part there and written in the one form that it may have?'],
  cryptographic: [
    'Signatures',
    'Was everything signed by the key that it names, and do the shown values open their seals?',
  ],
  chain: ['Chains', 'Do keys, delegations and logs hang together without a gap?'],
  semantic: ['Meaning', 'Do both sides tell the same story, and was the call allowed when it was made?'],
  anchor: ['Anchors', 'Does a public chain hold the logs?'],
} as const satisfies Readonly<Record<string, readonly [title: string, question: string]>>

export const PARTS = {
  identity: ['Identity', 'Who the two agents are, and which keys sign their logs.'],
  authority: ['Authority', 'Who gave the caller leave, link by link, and what was revoked.'],
  intent: ['Intent', 'What the caller signed, and that its log holds it.'],
  execution: ['Execution', 'What the executor signed as the outcome, and that its log holds it.'],
} as const

export const LEVELS = {
  minimal: 'structure and signatures',
  standard: 'also chains and meaning',
  strict: 'also witnesses, fresh revocations and no gap',
  paranoid: 'also anchors, and nothing unknown',
} as const

/** By the check's name, sides and indexes left out. */
const CHECKS: Readonly<Record<string, string>> = {
  form: 'The file is canonical and of a form that is known',
  'form.size': 'The file is not too large',
  'identity.document': 'The document follows from the key',
  'identity.logKey': 'The word for the log key can be read',
  'identity.logKey.signature': 'The word for the log key is signed',
  'identity.logKey.issuer': 'The word for the log key comes from this identity',
  'identity.history': 'The history of keys is unbroken',
  'identity.keyLogs': 'The histories of keys do not contradict each other',
  'identity.origin': 'The log bears the name of its identity',
  'identity.others': 'The histories of other keys are unbroken',
  'intent.invocation': 'The call can be read',
  'intent.invocation.signature': 'The caller signed the call',
  'intent.form': 'The call is there, or is said to be hidden',
  'intent.reference': 'The entry names the hidden call and seals its request',
  'intent.parties': 'The call is by this caller, to this executor',
  'intent.time': 'The call is not from the future',
  'intent.entry': 'The entry in the log can be read',
  'intent.proof': 'The proof of the log can be read',
  'intent.checkpoint': 'The log signed the tree that holds the entry',
  'intent.inclusion': 'The hashes lead from the entry to that tree',
  'intent.record': 'The entry records this very call',
  'intent.recordTime': 'The entry is not older than the call',
  'execution.receipt': 'The receipt can be read',
  'execution.receipt.signature': 'The executor signed the receipt',
  'execution.parties': 'The receipt is by this executor, about this call',
  'execution.entry': 'The entry in the log can be read',
  'execution.proof': 'The proof of the log can be read',
  'execution.checkpoint': 'The log signed the tree that holds the entry',
  'execution.inclusion': 'The hashes lead from the entry to that tree',
  'execution.key': 'The key that signed the receipt was the executor’s at the time',
  'execution.record': 'The entry records this very receipt',
  'execution.time': 'The receipt is not older than the call',
  'execution.agreement': 'Both logs sealed the same request',
  'execution.begun': 'The log shows the beginning as well',
  'execution.invoked.entry': 'The entry of the beginning can be read',
  'execution.invoked.proof': 'The proof of the beginning can be read',
  'execution.invoked.checkpoint': 'The same tree holds the beginning',
  'execution.invoked.inclusion': 'The hashes lead from the beginning to that tree',
  'execution.invoked.record': 'The beginning is that of this very call',
  'execution.invoked': 'The executor wrote down the beginning as well',
  'authority.delegations': 'The delegations can be read',
  'authority.delegations.signatures': 'Each delegation is signed by its issuer',
  'authority.proofs': 'The delegations are those that the call names',
  'authority.identities': 'No history of keys contradicts the delegations',
  'authority.revocations': 'The revocations can be read',
  'authority.revocations.signatures': 'Each revocation is signed',
  'authority.revocations.entitled': 'Each revocation is by somebody entitled',
  'authority.heads': 'The lists of revocations can be read',
  'authority.heads.signatures': 'Each list of revocations is signed',
  'authority.heads.lists': 'The lists of revocations are whole',
  'authority.heads.time': 'No list of revocations is from the future',
  'authority.fresh': 'What is known of revocations is fresh',
  'authority.shown': 'No revocation is withheld',
  'authority.allowed': 'The delegations allowed the call when it was made',
  'authority.arguments': 'No condition of the delegations depends on what is hidden',
  'authority.refusal': 'The refusal has the reason that the delegations give',
  'authority.confirmed': 'The delegations confirm the refusal',
  'disclosures.form': 'What is shown has the form that it may have',
  'disclosures.opens': 'What is shown is what was sealed',
  'disclosures.together': 'What is shown of the arguments fits together',
  'logs.note': 'The later checkpoint can be read',
  'logs.checkpoint': 'The log signed the later checkpoint',
  'logs.consistency': 'The later tree extends the earlier one',
  'logs.cosigners': 'The cosignatures are by known witnesses',
  'logs.cosignatures': 'The cosignatures verify',
  'logs.independence': 'The witnesses are others than the two sides',
  'logs.witnessed': 'Enough witnesses saw the log',
  'logs.time': 'The witnesses saw it at a time that fits',
  'witnesses.key': 'The word for the witness key can be read',
  'witnesses.key.signature': 'The word for the witness key is signed',
  'witnesses.history': 'The history of the witness is unbroken',
  'witnesses.issuer': 'The witness key belongs to the witness',
  witnesses: 'Every witness cosigned something',
  'anchors.form': 'The anchors have the form that they may have',
  'anchors.side': 'The anchor belongs to one of the logs',
  'anchors.proof': 'The proof leads from the log to a block',
  'anchors.time': 'The block is of a time that fits',
  anchors: 'A public chain holds the log',
}

/** What a check asks; its name as it is where that is not known here. */
export function questionOf(name: string): string {
  const place = /\[([0-9]+)\]/.exec(name)?.[1]
  const side = /\.(agent|executor)(?=\.|$)/.exec(name)?.[1]
  const plain = name.replaceAll(/\[[0-9]+\]/g, '').replace(/\.(?:agent|executor)(?=\.|$)/, '')
  const words = CHECKS[plain]
  if (words === undefined) return name
  const whose = side === undefined ? '' : side === 'agent' ? 'Caller: ' : 'Executor: '
  return `${whose}${words}${place === undefined ? '' : ` (${Number(place) + 1})`}`
}

/** What a valid bundle says, in one sentence. */
export function sentenceOf({ outcome, display, agent, executor, contents }: ProofFacts): string {
  const asked = `Agent ${shortOf(agent)} asked agent ${shortOf(executor)} to run ${display}`
  const ending = {
    allow: 'It was allowed, it was run, and it was answered.',
    error: 'It was allowed; its execution failed, or how it ended is not known.',
    deny: 'It was refused, and nothing was run.',
    refer: 'It was not run: others had to approve it first.',
  }[outcome]
  const hidden =
    contents === undefined ? '' : ' What was asked with and what was answered is hidden, but for what is shown below.'
  return `${asked}. ${ending}${hidden}`
}

/** A name short enough for a sentence; the whole name stands below. */
export function shortOf(did: string): string {
  const key = did.slice(did.lastIndexOf(':') + 1)
  return key.length <= 16 ? key : `${key.slice(0, 8)}…${key.slice(-6)}`
}

/** Times out of JavaScript's range stay numbers. */
export function timeOf(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** What no proof says, and what this page cannot know. */
export const LIMITS: readonly string[] = [
  'It does not say that the caller was right to call, nor that a result is true.',
  'Times are those of the two agents’ own clocks, and of witnesses and chains where there are any. They may be wrong within what the checks allow.',
  'Nobody can tell from this file whether keys were stolen, or whether something was revoked after the lists that it holds.',
  'Without witnesses or an anchor, an agent could show other people another log. Two that differ are proof of that; one alone is not.',
  'This page brought its own verifier. Who gave you the page could have changed it. Where it matters, save the bundle and verify it with a verifier of your own: talos proof verify.',
]
