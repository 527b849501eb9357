/** Vectors of policies (contracts/spec 23-witness, clause 23.5). */
import { formatVerifierKey, NOTE_COSIGNATURE, NOTE_ED25519, type NoteKeyType, verifierKey } from '@talos/merkle'
import { cosigned, History, kernel, LOG_SEED, NOW_S, noteSigner, ORIGIN, type WitnessCase } from './witness-scene.ts'

const vkey = (name: string, seed: number, type: NoteKeyType = NOTE_COSIGNATURE) =>
  formatVerifierKey(verifierKey({ name, type, publicKey: noteSigner(seed).publicKey, kernel }))
const LOG = vkey(ORIGIN, LOG_SEED, NOTE_ED25519)
const names = ['x1', 'x2', 'x3', 'y1', 'y2']
const witnesses = names.map((name, index) => `witness ${name.toUpperCase()} ${vkey(`${name}.example`, 30 + index)}`)
const text = (...lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
const NESTED = text(
  '# two operators',
  '',
  `log ${LOG} https://log.example/`,
  ...witnesses,
  'group X 2 X1 X2 X3',
  '  group\tY any Y1 Y2 ',
  'group both all X Y',
  'quorum both',
)

export async function policyCases(): Promise<WitnessCase[]> {
  return [...parsed(), ...(await evaluated()), ...refused()]
}

function parsed(): WitnessCase[] {
  const parse = (description: string, policy: string, expected: object): WitnessCase => ({
    clause: '23.5',
    description,
    input: { operation: 'policy', text: policy },
    expected: { ...expected },
  })
  const all = names.map((name) => name.toUpperCase())
  return [
    parse('two groups of witnesses, and both of them', NESTED, { logs: [ORIGIN], witnesses: all }),
    parse('no cosignature at all', text('quorum none'), { logs: [], witnesses: [] }),
    parse('one witness', text(String(witnesses[0]), 'quorum X1'), { logs: [], witnesses: ['X1'] }),
  ]
}

async function evaluated(): Promise<WitnessCase[]> {
  const note = await new History('a').note(9)
  const by = async (policy: string, description: string, ...signers: readonly string[]): Promise<WitnessCase> => {
    const seeds = Object.fromEntries(signers.map((name) => [`${name}.example`, 30 + names.indexOf(name)]))
    const isSatisfied = !description.startsWith('not enough')
    const witnessed = signers.filter((name) => names.includes(name))
    return {
      clause: '23.5',
      description,
      input: { operation: 'evaluate', text: policy, note: await cosigned(note, seeds) },
      expected: {
        isSatisfied,
        witnesses: witnessed.map((name) => ({ name: name.toUpperCase(), timeS: NOW_S + 30 + names.indexOf(name) })),
      },
    }
  }
  const none = text(...witnesses, 'quorum none')
  const wrong = (await cosigned(note, { 'x1.example': 30 })).replace('\n9\n', '\n10\n')
  return [
    await by(NESTED, 'enough: two of the first and one of the second', 'x1', 'x3', 'y2'),
    await by(NESTED, 'enough: all', 'x1', 'x2', 'x3', 'y1', 'y2'),
    await by(NESTED, 'not enough: one of the first and one of the second', 'x1', 'y1'),
    await by(NESTED, 'not enough: three of the first alone', 'x1', 'x2', 'x3'),
    await by(NESTED, 'not enough: nobody'),
    await by(none, 'enough: nobody, where nobody is asked for'),
    await by(none, 'enough: somebody, where nobody is asked for', 'y1'),
    {
      clause: '23.5',
      description: 'a line of a witness that does not verify',
      input: { operation: 'evaluate', text: NESTED, note: wrong },
      error: 'NOTE_SIGNATURE_INVALID',
    },
  ]
}

function refused(): WitnessCase[] {
  const [X1, X2] = [String(witnesses[0]), String(witnesses[1])]
  const cases: readonly (readonly [string, string])[] = [
    ['no quorum', text(X1)],
    ['two quorums', text('quorum none', 'quorum none')],
    ['a quorum of two', text(X1, X2, 'quorum X1 X2')],
    ['a name that is defined later', text('quorum X1', X1)],
    ['a name that is taken', text(X1, X2.replace('witness X2', 'witness X1'))],
    ['a witness called none', text(X1.replace('witness X1', 'witness none'))],
    ['one key twice', text(X1, X1.replace('witness X1', 'witness Z'))],
    ['a log with the key of a witness', text(`log ${vkey('x1.example', 30)}`)],
    ['a witness with the key of a log', text(`witness L ${LOG}`)],
    ['a key whose id is another', text(X1.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))],
    ['a group of none', text('group g any')],
    ['a group with too large a number', text(X1, 'group g 2 X1')],
    ['a group with the number 0', text(X1, 'group g 0 X1')],
    ['a group with a number with a leading zero', text(X1, 'group g 01 X1')],
    ['a member twice', text(X1, 'group g any X1 X1')],
    ['a member of two groups', text(X1, 'group g any X1', 'group h any X1')],
    ['none as a member', text('group g any none')],
    ['an unknown keyword', text('witnesses 3')],
    ['a carriage return', 'quorum none\r\n'],
    ['a last line that does not end', 'quorum none'],
    ['too much in a line', text(`${X1} https://w.example/ more`)],
  ]
  return cases.map(([description, policy]) => ({
    clause: '23.5',
    description,
    input: { operation: 'policy', text: policy },
    error: 'WITNESS_POLICY_INVALID',
  }))
}
