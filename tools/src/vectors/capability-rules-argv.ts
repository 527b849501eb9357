/** Vectors of `argv` (7.6.4): programs, options, operands, and texts that shells could read in two ways. */
import { type Json, ruleCasesOf } from './capability-rules-shared.ts'

const { holds, fails, refused } = ruleCasesOf('argv', '7.6.4')

const LOG = {
  program: [['git', 'log'], ['git', 'show'], ['git']],
  options: { '--oneline': null, '-n': [['range', '.', '1', '100']], '--format': [], '-p': null },
  operands: [[['regex', '.', '[a-z]+']]],
  more: [['subpath', '.', ['/srv']]],
  terminator: true,
  max: 8,
}

export function argvCases(): readonly object[] {
  return [...wordCases(), ...optionCases(), ...operandCases(), ...textCases(), ...termCases()]
}

function wordCases(): readonly object[] {
  const echo = { program: [['echo']], more: [] }
  return [
    holds(LOG, ['git', 'log', 'main'], 'a program of two words'),
    holds(LOG, ['git', 'show', 'main'], 'another program'),
    holds(LOG, ['git', 'status'], 'the longest program that fits is taken'),
    fails(LOG, ['git', 'log'], 'an operand is missing'),
    fails(LOG, ['rm', 'main'], 'another program than the allowed'),
    fails(LOG, ['/usr/bin/git', 'log', 'main'], 'the same program by its path'),
    fails(LOG, ['GIT', 'log', 'main'], 'another case'),
    fails(LOG, [], 'no words'),
    fails(LOG, ['--oneline', 'git', 'log', 'main'], 'an option before the program'),
    fails(
      LOG,
      ['git', '-p', 'log', 'main'],
      'an option within the program: it is the shorter program then, whose operands are other ones',
    ),
    holds(echo, ['echo', ''], 'an empty word'),
    holds(echo, ['echo', 'a b; rm *'], 'a word of a list is no shell text'),
    fails(echo, ['echo', 'a\u0000b'], 'NUL in a word'),
    fails(echo, ['echo', 'a\nb'], 'a line break in a word'),
    fails(echo, ['echo', '\u202e'], 'a change of direction in a word'),
    fails(echo, ['echo', 5], 'a word that is no text'),
    fails(echo, { 0: 'echo' }, 'a map'),
    fails(echo, 5, 'an integer'),
    holds(echo, ['echo', 'a'.repeat(4_096)], 'a word of 4,096 units'),
    fails(echo, ['echo', 'a'.repeat(4_097)], 'a word of 4,097 units'),
    holds(echo, ['echo', ...Array(63).fill('a')], '64 words'),
    fails(echo, ['echo', ...Array(64).fill('a')], '65 words'),
    holds({ ...echo, max: 256 }, ['echo', ...Array(255).fill('a')], '256 words'),
    holds({}, [], 'terms that allow nothing, and no words'),
    fails({}, ['a'], 'terms that allow nothing, and a word'),
    holds({ more: [] }, ['a', 'b'], 'arguments without a program'),
    holds({ max: 0 }, [], 'no words at most'),
    fails({ max: 0, more: [] }, ['a'], 'one word where none are allowed'),
  ]
}

function optionCases(): readonly object[] {
  const git = (...words: readonly string[]): Json => ['git', 'log', ...words]
  return [
    holds(LOG, git('--oneline', 'main'), 'an option without a value'),
    holds(LOG, git('--oneline', '-p', '--oneline', 'main'), 'options again'),
    holds(LOG, git('-n', '5', 'main'), 'an option with a value'),
    fails(LOG, git('-n', '500', 'main'), 'a value that its rules refuse'),
    fails(LOG, git('-n', 'main'), 'the operand is taken for the value'),
    fails(LOG, git('-n'), 'no value'),
    fails(LOG, git('-n5', 'main'), 'a value without a space'),
    fails(LOG, git('-n=5', 'main'), 'a value behind = of a short option'),
    fails(LOG, git('-n', '-5', 'main'), 'a value that looks like an option'),
    holds(LOG, git('--format', 'x', 'main'), 'a value behind a space'),
    holds(LOG, git('--format=x', 'main'), 'a value behind ='),
    holds(LOG, git('--format=', 'main'), 'an empty value behind ='),
    holds(LOG, git('--format=-x=y', 'main'), 'a value behind = may look like an option'),
    fails(LOG, git('--format', '-x', 'main'), 'a value behind a space may not'),
    fails(LOG, git('--format', '--', 'main'), 'nor be the end of the options'),
    fails(LOG, git('--oneline=x', 'main'), 'a value for an option that takes none'),
    fails(LOG, git('--form=x', 'main'), 'an abbreviation'),
    fails(LOG, git('--one', 'main'), 'an abbreviation without a value'),
    fails(LOG, git('-pn', '5', 'main'), 'a cluster of letters'),
    fails(LOG, git('--output=/etc/passwd', 'main'), 'an option that is not allowed'),
    fails(LOG, git('--upload-pack=x', 'main'), 'another option that is not allowed'),
    fails(LOG, git('-', 'main'), 'a hyphen alone'),
    fails(LOG, git('--=x', 'main'), 'an option without a name'),
    fails(LOG, git('---oneline', 'main'), 'three hyphens'),
    fails(LOG, git('\u2013n', '5', 'main'), 'a dash is no hyphen: it is an operand'),
    holds({ options: { '-name': [] } }, ['-name', 'x'], 'a long name with one hyphen'),
    holds({ options: { '--a.b_c-1': null } }, ['--a.b_c-1'], 'all characters of a name'),
  ]
}

function operandCases(): readonly object[] {
  const git = (...words: readonly string[]): Json => ['git', 'log', ...words]
  return [
    fails(LOG, git('main', '--oneline'), 'an option behind an operand'),
    fails(LOG, git('MAIN'), 'an operand that its rules refuse'),
    holds(LOG, git('main', '/srv/a', '/srv/b'), 'further operands'),
    fails(LOG, git('main', '/srv/a', '/etc/b'), 'a further operand that its rules refuse'),
    holds(LOG, git('--', 'main', '/srv/a'), 'the end of the options'),
    holds(LOG, git('-p', '--', 'main'), 'options, then their end'),
    fails(LOG, git('main', '--', '/srv/a'), 'the end of the options behind an operand'),
    fails(LOG, git('--', '--oneline'), 'behind the end an option is an operand'),
    fails(LOG, git('--', 'main', '--'), 'a second end is an operand'),
    fails({ ...LOG, terminator: false }, git('--', 'main'), 'the end of the options is not allowed'),
    holds({ terminator: true, more: [] }, ['--', '-rf', '--'], 'behind the end anything is an operand'),
    fails({ more: [] }, ['--'], 'no end where none is allowed'),
    fails({ operands: [[]] }, ['a', 'b'], 'an operand too many'),
    fails({ operands: [[], []] }, ['a'], 'an operand too few'),
    holds(
      {
        operands: [
          [
            ['enum', '.', ['a']],
            ['len', '.', 1, 1],
          ],
        ],
      },
      ['a'],
      'two rules on one word',
    ),
    fails(
      {
        operands: [
          [
            ['enum', '.', ['aa']],
            ['len', '.', 1, 1],
          ],
        ],
      },
      ['aa'],
      'one of two rules refuses',
    ),
    holds(
      { operands: [[['cidr', '.', ['10.0.0.0/8']]], [['url', '.', { hosts: ['a.example'] }]]] },
      ['10.1.2.3', 'https://a.example/'],
      'an address and a URL',
    ),
  ]
}

function textCases(): readonly object[] {
  const text = (line: string, description: string): object =>
    fails({ program: [['echo']], options: { '-n': null }, more: [] }, line, description)
  const metacharacters = [';', '&', '|', '<', '>', '(', ')', '{', '}', '[', ']', '$', '`', '\\', '"', "'", '*', '?']
  return [
    holds(LOG, 'git log -n 5 main /srv/a', 'a plain text'),
    holds(LOG, 'git log --format=x main', 'an option with a value in a text'),
    fails(LOG, 'git log --output=/etc/passwd main', 'an option that is not allowed in a text'),
    holds({ program: [['ssh']], more: [] }, 'ssh user@host:22 a=b a+b ./c_d', 'all plain characters'),
    ...metacharacters.map((character) => text(`echo a${character}b`, `the shell's ${character}`)),
    text('echo !x', 'a history expansion'),
    text('echo #x', 'a comment'),
    text('echo ~x', 'a home'),
    text('echo %x', 'a percent sign'),
    text('echo ^x', 'a circumflex'),
    text('echo a,b', 'a comma'),
    text('echo =x', 'a word that begins with ='),
    text('echo @x', 'a word that begins with @'),
    text('echo :x', 'a word that begins with :'),
    text('echo  a', 'two spaces'),
    text(' echo a', 'a space in front'),
    text('echo a ', 'a space behind'),
    text('echo\ta', 'a tab'),
    text('echo a\nrm b', 'a line break'),
    text('echo a\r', 'a carriage return'),
    text('echo a\u00a0b', 'another space'),
    text('echo ä', 'a letter beyond ASCII'),
    text('', 'an empty text'),
    fails({ more: [] }, 'a b', 'a text where the terms have no program'),
    holds({ program: [['echo']], more: [] }, `echo ${'a'.repeat(4_091)}`, '4,096 units'),
    fails({ program: [['echo']], more: [] }, `echo ${'a'.repeat(4_092)}`, '4,097 units'),
    fails({ program: [['echo']], more: [], max: 2 }, 'echo a b', 'more words than allowed'),
  ]
}

function termCases(): readonly object[] {
  const terms = (given: Json, description: string): object => refused([['argv', '.v', given]], description)
  const rules = (given: Json, description: string): object => terms({ more: given }, description)
  return [
    terms([], 'terms that are no map'),
    terms({ shell: true }, 'an unknown member'),
    terms({ program: [] }, 'no program'),
    terms({ program: ['git'] }, 'a program that is not in an array'),
    terms({ program: [[]] }, 'a program without words'),
    terms({ program: [Array(9).fill('a')] }, 'a program of nine words'),
    terms({ program: [[1]] }, 'a word of a program that is no text'),
    terms({ program: [['a\n']] }, 'a line break in a program'),
    terms({ program: Array(257).fill(['a']) }, '257 programs'),
    terms({ options: ['-n'] }, 'options that are no map'),
    terms(
      { options: Object.fromEntries(Array.from({ length: 257 }, (_, index) => [`-o${index}`, null])) },
      '257 options',
    ),
    terms({ options: { n: null } }, 'an option without a hyphen'),
    terms({ options: { '-': null } }, 'a hyphen alone'),
    terms({ options: { '--': null } }, 'two hyphens alone'),
    terms({ options: { '---a': null } }, 'three hyphens'),
    terms({ options: { '--a=b': null } }, 'an option with a value in its name'),
    terms({ options: { [`--${'a'.repeat(63)}`]: null } }, 'a name of 65 characters'),
    terms({ options: { [`-${'a'.repeat(64)}`]: null } }, 'a name of 65 characters behind one hyphen'),
    terms({ options: { '-n': true } }, 'an option that is neither null nor rules'),
    terms({ terminator: 1 }, 'a terminator that is no boolean'),
    terms({ operands: {} }, 'operands that are no array'),
    terms({ operands: Array(65).fill([]) }, '65 operands'),
    terms({ operands: [null] }, 'an operand without rules'),
    terms({ max: -1 }, 'fewer words than none'),
    terms({ max: 257 }, '257 words'),
    terms({ max: '5' }, 'a number of words that is no integer'),
    rules(null, 'no rules'),
    rules([['known', '.']], 'a kind that words do not have'),
    rules([['argv', '.', {}]], 'a command line within a command line'),
    rules([['enum', '.a', ['b']]], 'a selector'),
    rules([['enum', '.[]', ['b']]], 'a selector of values'),
    rules([['enum', '.', []]], 'a rule that is refused itself'),
    rules(Array(17).fill(['len', '.', 1, 2]), '17 rules on a word'),
    terms({ operands: Array(16).fill(Array(16).fill(['len', '.', 1, 2])) }, '257 rules, those on words counted'),
    refused([['argv', '.v', {}, 1]], 'an operand too many'),
    refused([['argv', '.v']], 'no operand'),
  ]
}
