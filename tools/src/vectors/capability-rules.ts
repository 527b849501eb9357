/** Vectors of selectors (7.4), policies (7.5), typed rules (7.6), paths (7.7) and the closed world (7.8). */

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const UCAN = 'ucan/dlg@1.0.0'
const TALOS = 'talos/cap@1'

export function selectorCases(): readonly object[] {
  const args = '{"a":{"b":[10,20,30],"c-d":null,"e":{"zz":1,"y":2,"10":3,"9":4}},"t":"text"}'
  const selects = (selector: string, value: Json, description: string): object => ({
    clause: '7.4',
    description,
    valid: true,
    input: { selector, argumentsJson: args },
    expected: { value },
  })
  const fails = (selector: string, description: string): object => ({
    clause: '7.4',
    description,
    valid: true,
    input: { selector, argumentsJson: args },
    expected: {},
  })
  const refused = (selector: string, description: string): object => ({
    clause: '7.4',
    description,
    valid: false,
    input: { selector, argumentsJson: args },
    error: 'CAPABILITY_POLICY_INVALID',
  })
  return [
    selects('.', JSON.parse(args), 'the whole'),
    selects('.t', 'text', 'a name'),
    selects('.a.b', [10, 20, 30], 'two names'),
    selects('.["t"]', 'text', 'a string'),
    selects('.a["c-d"]', null, 'a string that is no name'),
    selects('.a.["c-d"]', null, 'a dot before the bracket'),
    selects('.a["\\u0062"][0]', 10, 'an escape in the string'),
    selects('.missing', null, 'a missing member is null'),
    selects('.missing?', null, 'an optional missing member is null'),
    fails('.missing.b', 'nothing follows from a null'),
    selects('.missing.b?', null, 'unless it is optional'),
    fails('.t.b', 'a text has no members'),
    selects('.a.b[0]', 10, 'the first item'),
    selects('.a.b[-1]', 30, 'the last item'),
    fails('.a.b[3]', 'beyond the end'),
    fails('.a.b[-4]', 'before the beginning'),
    selects('.a.b[3]?', null, 'optional beyond the end'),
    selects('.a.b[3]???', null, 'more marks mean the same'),
    fails('.a.b[3].c?', 'a failure is final, whatever follows'),
    selects('.a.b[1:]', [20, 30], 'a slice to the end'),
    selects('.a.b[:-1]', [10, 20], 'a slice from the beginning'),
    selects('.a.b[1:2]', [20], 'a slice'),
    selects('.a.b[5:9]', [], 'a slice beyond the end is empty'),
    fails('.t[0:1]', 'a text has no slices'),
    fails('.t[0]', 'a text has no items'),
    selects('.a.b[]', [10, 20, 30], 'the values of a list are the list'),
    selects('.a.e[]', [4, 2, 3, 1], 'the values of a map, shorter keys first, then by bytes'),
    fails('.t[]', 'a text has no values'),
    refused('', 'nothing'),
    refused('a', 'no dot in front'),
    refused('["a"]', 'a bracket in front'),
    refused('..a', 'two dots'),
    refused('.a.', 'a dot at the end'),
    refused('.a..b', 'two dots in the middle'),
    refused('.a[', 'an open bracket'),
    refused('.a[:]', 'a slice without bounds'),
    refused('.a[01]', 'a leading zero'),
    refused('.a[-0]', 'negative zero'),
    refused('.a[1234567890123456]', 'an index of 16 digits'),
    refused(".a['b']", 'single quotes'),
    refused('.a["\\x"]', 'an unknown escape'),
    refused('.a["\\ud800"]', 'a lone surrogate'),
    refused('.a|.b', 'a pipe'),
    refused('.0a', 'a name that begins with a digit'),
    refused('.?', 'a mark without a segment'),
    fails('.a'.repeat(32), '32 segments'),
    refused('.a'.repeat(33), '33 segments'),
    selects(`.${'a'.repeat(1023)}`, null, '1,024 characters'),
    refused(`.${'a'.repeat(1024)}`, '1,025 characters'),
  ]
}

export function policyCases(): readonly object[] {
  const both = (policy: Json, argumentsJson: string, allowed: boolean, description: string): readonly object[] => [
    one(UCAN, policy, argumentsJson, { allowed, description }),
    one(TALOS, policy, argumentsJson, { allowed, description }),
  ]
  const apart = (policy: Json, argumentsJson: string, description: string): readonly object[] => [
    one(UCAN, policy, argumentsJson, {
      allowed: true,
      description: `${description}: false in UCAN's reading, so "not" allows`,
    }),
    one(TALOS, policy, argumentsJson, { allowed: false, description: `${description}: undecided in talos/cap@1` }),
  ]
  const refused = (policy: Json, description: string): object => ({
    clause: '7.5',
    description,
    valid: false,
    input: { payload: UCAN, policy, argumentsJson: '{}' },
    error: 'CAPABILITY_POLICY_INVALID',
  })
  const nested = (levels: number): Json => (levels === 1 ? ['==', '.a', 1] : ['not', nested(levels - 1)])
  return [
    ...both([], '{}', true, 'an empty policy'),
    ...both([['==', '.a', 1]], '{"a":1}', true, 'equal integers'),
    ...both([['==', '.a', 1]], '{"a":2}', false, 'other integers'),
    ...both([['==', '.a', 1]], '{"a":"1"}', false, 'a text is not an integer'),
    ...both([['==', '.a', { b: [1, { c: null }] }]], '{"a":{"b":[1,{"c":null}]}}', true, 'deep equality'),
    ...both([['==', '.a', { b: 1 }]], '{"a":{"b":1,"c":2}}', false, 'a member more'),
    ...both([['==', '.a', { b: 1 }]], '{"a":{"c":1}}', false, 'a member of another name'),
    ...both([['==', '.a', [1, 2]]], '{"a":[1]}', false, 'an item less'),
    ...both([['!=', '.a', 1]], '{"a":2}', true, 'unequal'),
    ...both([['!=', '.a', 1]], '{"a":1}', false, 'not unequal'),
    ...both([['!=', '.a.b.c', 1]], '{"a":1}', false, 'unequal, but the selector fails'),
    ...both([['<', '.a', 2]], '{"a":1}', true, 'less'),
    ...both([['<', '.a', 2]], '{"a":2}', false, 'not less'),
    ...both([['<=', '.a', 2]], '{"a":2}', true, 'less or equal'),
    ...both([['>', '.a', -2]], '{"a":-1}', true, 'greater'),
    ...both([['>=', '.a', 2]], '{"a":1}', false, 'not greater or equal'),
    ...both([['>', '.a', 0]], '{"a":"5"}', false, 'an inequality on a text'),
    ...both([['>', '.a', 0]], '{"a":1.5}', false, "an inequality on a number's text"),
    ...both([['not', ['>', '.a', 100]]], '{"a":1e9}', false, "the negation of an inequality on a number's text"),
    ...both([['!=', '.a', 5]], '{"a":5.0}', false, "an integer and a number's text"),
    ...both([['not', ['==', '.a', [5]]]], '{"a":[5.0]}', false, "an integer and a number's text, further down"),
    ...both([['==', '.a', 5]], '{"a":5.0}', false, "a number's text is not surely the integer"),
    ...both([['like', '.a', 'a*c']], '{"a":"abc"}', true, 'a star for one character'),
    ...both([['like', '.a', 'a*c']], '{"a":"ac"}', true, 'a star for none'),
    ...both([['like', '.a', 'a*c']], '{"a":"acb"}', false, 'the end counts'),
    ...both([['like', '.a', 'a\\*c']], '{"a":"a*c"}', true, 'an escaped star'),
    ...both([['like', '.a', 'a\\*c']], '{"a":"abc"}', false, 'an escaped star stands for itself'),
    ...both([['like', '.a', '*']], '{"a":""}', true, 'a star alone'),
    ...both([['like', '.a', 'aa*aa']], '{"a":"aaa"}', false, 'beginning and end do not overlap'),
    ...both([['like', '.a', '*ab*ab*']], '{"a":"xabyabz"}', true, 'pieces in order'),
    ...both([['like', '.a', '*ab*ab*']], '{"a":"xaby"}', false, 'a piece is missing'),
    ...both([['like', '.a', '*aab*']], '{"a":"aaab"}', true, 'a piece found after a false start'),
    ...both([['like', '.a', 'a\\b']], '{"a":"a\\\\b"}', true, 'a backslash before anything else is itself'),
    ...both([['like', '.a', '*']], '{"a":1}', false, 'a pattern on an integer'),
    ...both([['not', ['==', '.a', 1]]], '{"a":2}', true, 'a negation'),
    ...both(
      [
        [
          'and',
          [
            ['==', '.a', 1],
            ['==', '.b', 2],
          ],
        ],
      ],
      '{"a":1,"b":2}',
      true,
      'a conjunction',
    ),
    ...both(
      [
        [
          'and',
          [
            ['==', '.a', 1],
            ['==', '.b', 2],
          ],
        ],
      ],
      '{"a":1,"b":3}',
      false,
      'a conjunction with a false part',
    ),
    ...both(
      [
        [
          'or',
          [
            ['==', '.a', 1],
            ['==', '.a', 2],
          ],
        ],
      ],
      '{"a":2}',
      true,
      'a disjunction',
    ),
    ...both(
      [
        [
          'or',
          [
            ['==', '.a', 1],
            ['==', '.a', 2],
          ],
        ],
      ],
      '{"a":3}',
      false,
      'a disjunction of false parts',
    ),
    ...both([['and', []]], '{}', true, 'an empty conjunction'),
    ...both([['or', []]], '{}', true, 'an empty disjunction'),
    ...both([['all', '.a', ['>', '.', 0]]], '{"a":[1,2]}', true, 'all items'),
    ...both([['all', '.a', ['>', '.', 0]]], '{"a":[1,0]}', false, 'not all items'),
    ...both([['all', '.a', ['>', '.', 0]]], '{"a":[]}', true, 'all of none'),
    ...both([['all', '.a', ['>', '.', 0]]], '{"a":{"x":1,"y":2}}', true, 'all values of a map'),
    ...both([['any', '.a', ['==', '.b', 2]]], '{"a":[{"b":1},{"b":2}]}', true, 'any item'),
    ...both([['any', '.a', ['==', '.b', 2]]], '{"a":[{"b":1}]}', false, 'no item'),
    ...both([['any', '.a', ['==', '.b', 2]]], '{"a":[]}', false, 'any of none'),
    ...both(
      [['all', '.a', ['any', '.', ['like', '.', 'x*']]]],
      '{"a":[["x"],["y","xy"]]}',
      true,
      'a quantifier in a quantifier',
    ),
    ...both(
      [
        [
          'or',
          [
            ['like', '.a', 'x*'],
            ['==', '.a', 5],
          ],
        ],
      ],
      '{"a":5}',
      true,
      'undecided or true is true',
    ),
    ...both(
      [
        [
          'and',
          [
            ['like', '.a', 'x*'],
            ['==', '.a', 5],
          ],
        ],
      ],
      '{"a":6}',
      false,
      'undecided and false is false',
    ),
    ...apart(
      [
        [
          'not',
          [
            'and',
            [
              ['like', '.a', 'x*'],
              ['==', '.a', 5],
            ],
          ],
        ],
      ],
      '{"a":5}',
      'undecided and true',
    ),
    ...apart([['not', ['like', '.a', '/etc/*']]], '{"a":["/etc/passwd"]}', 'a pattern on a list'),
    ...apart([['not', ['>', '.a', 100]]], '{"a":"1000"}', 'an inequality on a text'),
    ...apart([['not', ['any', '.a', ['==', '.', 1]]]], '{"a":1}', 'a quantifier on an integer'),
    ...apart([['not', ['==', '.a[0]', 1]]], '{"a":[]}', 'a selector that fails'),
    ...apart([['not', ['any', '.a[0]', ['==', '.', 1]]]], '{"a":[]}', 'a quantifier whose selector fails'),
    ...apart(
      [
        [
          'not',
          [
            'or',
            [
              ['like', '.a', 'x*'],
              ['==', '.a', 5],
            ],
          ],
        ],
      ],
      '{"a":6}',
      'undecided or false',
    ),
    ...both([nested(15)], '{"a":1}', true, '15 levels: an even number of negations'),
    ...both([nested(16)], '{"a":2}', true, '16 levels: an odd number of negations'),
    ...both(Array(256).fill(['==', '.a', 1]), '{"a":1}', true, '256 statements'),
    refused({ a: 1 }, 'a map instead of statements'),
    refused(['==', '.a', 1], 'a statement instead of statements'),
    refused([[]], 'an empty statement'),
    refused([['matches', '.a', 'x']], 'an unknown operator'),
    refused([[1, '.a', 'x']], 'an operator that is no text'),
    refused([['==', '.a']], 'an operand less'),
    refused([['==', '.a', 1, 2]], 'an operand more'),
    refused([['==', 1, 1]], 'a selector that is no text'),
    refused([['<', '.a', '1']], 'a bound that is no integer'),
    refused([['like', '.a', 1]], 'a pattern that is no text'),
    refused([['not']], 'nothing to negate'),
    refused([['not', ['==', '.a', 1], 2]], 'two things to negate'),
    refused([['and', ['==', '.a', 1]]], 'a conjunction of no statements'),
    refused([['or']], 'a disjunction of nothing'),
    refused([['or', [], []]], 'a disjunction of two lists'),
    refused([['all', '.a', 1]], 'a quantified statement that is none'),
    refused([nested(17)], '17 levels'),
    refused(Array(257).fill(['==', '.a', 1]), '257 statements'),
    refused([['and', Array(256).fill(['==', '.a', 1])]], '257 statements, nested'),
  ]
}

export function ruleCases(): readonly object[] {
  const judged = (rules: Json, argumentsJson: string, allowed: boolean, description: string): object => ({
    clause: '7.6',
    description,
    valid: true,
    input: { payload: TALOS, policy: [], rules, argumentsJson },
    expected: { allowed },
  })
  const closed = (policy: Json, rules: Json, argumentsJson: string, expected: object): object => ({
    clause: '7.8',
    valid: true,
    input: { payload: TALOS, policy, rules, argumentsJson },
    ...expected,
  })
  const refused = (rules: Json, description: string, clause = '7.6', policy: Json = []): object => ({
    clause,
    description,
    valid: false,
    input: { payload: TALOS, policy, rules, argumentsJson: '{}' },
    error: 'CAPABILITY_POLICY_INVALID',
  })
  const says = (allowed: boolean, description: string): object => ({ description, expected: { allowed } })
  return [
    judged([['subpath', '.p', ['/srv']]], '{"p":"/srv/a"}', true, 'a path below the root'),
    judged([['subpath', '.p', ['/srv', '/tmp']]], '{"p":"/tmp"}', true, 'the second root itself'),
    judged([['subpath', '.p', ['/srv']]], '{"p":"/srvx"}', false, 'a longer segment'),
    judged([['subpath', '.p', ['/srv']]], '{"p":["/srv/a"]}', false, 'a list is no path'),
    judged([['subpath', '.p[]', ['/srv']]], '{"p":["/srv/a","/srv/b"]}', true, 'each path of a list'),
    judged([['subpath', '.p[]', ['/srv']]], '{"p":["/srv/a","/etc"]}', false, 'not each path of a list'),
    judged([['subpath', '.p[]', ['/srv']]], '{"p":"/srv/a"}', false, 'each of a text'),
    judged([['enum', '.e', ['a', 1, true, null]]], '{"e":1}', true, 'one of the values'),
    judged([['enum', '.e', ['a', 1, true, null]]], '{"e":null}', true, 'null among the values'),
    judged([['enum', '.e', ['a', 1, true, null]]], '{"e":"b"}', false, 'none of the values'),
    judged([['enum', '.e', [1]]], '{"e":1.0}', false, "a number's text is not the integer"),
    judged([['enum', '.e', ['1']]], '{"e":1}', false, 'the integer is not the text'),
    judged([['len', '.l', 1, 3]], '{"l":"aé"}', true, 'bytes of a text'),
    judged([['len', '.l', 1, 3]], '{"l":"éé"}', false, 'too many bytes of a text'),
    judged([['len', '.l', 1, null]], '{"l":[]}', false, 'too few items'),
    judged([['len', '.l', null, 1]], '{"l":{"a":1}}', true, 'members of a map'),
    judged([['len', '.l', 0, 9]], '{"l":5}', false, 'an integer has no length'),
    judged([['range', '.r', 1, 5]], '{"r":1}', true, 'the lower bound'),
    judged([['range', '.r', 1, 5]], '{"r":5}', true, 'the upper bound'),
    judged([['range', '.r', 1, 5]], '{"r":0}', false, 'below'),
    judged([['range', '.r', 1, 5]], '{"r":6}', false, 'above'),
    judged([['range', '.r', null, 5]], '{"r":-9}', true, 'no lower bound'),
    judged([['range', '.r', 1, null]], '{"r":2.5}', false, "a number's text is no integer"),
    judged([['range', '.r', 1, null]], '{"r":"3"}', false, 'a text is no integer'),
    judged([['known', '.k']], '{"k":{"any":"thing"}}', true, 'a known argument'),
    closed([], [], '{"x":1}', says(true, 'no argument is named: the world is open')),
    closed([], [['known', '.k']], '{"k":1,"x":1}', says(false, 'an argument that is not named')),
    closed([['==', '.k', 1]], [], '{"k":1,"x":1}', says(false, 'naming in the policy closes the world as well')),
    closed([], [['known', '.k']], '{}', says(false, 'a named argument is absent')),
    closed([['not', ['==', '.k', 1]]], [], '{}', says(false, 'named beneath a negation')),
    closed(
      [
        [
          'or',
          [
            ['==', '.a', 1],
            ['==', '.b', 1],
          ],
        ],
      ],
      [],
      '{"a":1}',
      says(false, 'named in the other branch'),
    ),
    closed([], [['range', '.k?', 1, 2]], '{}', says(true, 'a named argument that may be absent')),
    closed([], [['range', '.k?', 1, 2]], '{"k":3}', says(false, 'one that may be absent, and is wrong')),
    closed(
      [],
      [
        ['range', '.k?', 1, 2],
        ['known', '.k'],
      ],
      '{}',
      says(false, 'each mention must be optional'),
    ),
    closed(
      [],
      [
        ['known', '.k?'],
        ['range', '.k?', 1, 2],
      ],
      '{}',
      says(true, 'each mention is optional'),
    ),
    closed([['==', '.k?', null]], [], '{}', says(true, 'a policy sees null where an optional argument is absent')),
    closed([], [['known', '.["k"]']], '{"k":1}', says(true, 'a name in brackets')),
    closed([], [['known', '.a.b']], '{"a":{"c":1}}', says(true, 'only the first name counts')),
    judged([['enum', '.e', Array(256).fill(1)]], '{"e":1}', true, '256 values'),
    judged(Array(256).fill(['known', '.k']), '{"k":1}', true, '256 rules'),
    refused({ a: 1 }, 'a map instead of rules'),
    refused(['known', '.k'], 'a rule instead of rules'),
    refused([['regex', '.k', 'x']], 'an unknown kind of rule'),
    refused([['limit', '.k', 5]], 'a kind of rule from a later version'),
    refused([['known']], 'no selector'),
    refused([['known', '.k', 1]], 'an operand too many'),
    refused([[1, '.k']], 'a kind that is no text'),
    refused([['subpath', '.p', []]], 'no root'),
    refused([['subpath', '.p', ['srv']]], 'a relative root'),
    refused([['subpath', '.p', ['/srv/../etc']]], 'a root with two dots'),
    refused([['subpath', '.p', [1]]], 'a root that is no text'),
    refused([['subpath', '.p', '/srv']], 'a root that is not in an array'),
    refused([['subpath', '.p', ['/srv'], 1]], 'an operand too many for subpath'),
    refused([['enum', '.e', [[1]]]], 'a list among the values'),
    refused([['enum', '.e']], 'no values'),
    refused([['enum', '.e', [1], 1]], 'an operand too many for enum'),
    refused([['enum', '.e', Array(257).fill(1)]], '257 values'),
    refused([['len', '.l', -1, 1]], 'a negative length'),
    refused([['len', '.l', 1]], 'one bound'),
    refused([['range', '.r', 2, 1]], 'bounds the wrong way round'),
    refused([['range', '.r', '1', 2]], 'a bound that is no integer'),
    refused([['range', '.r', 1, 2, 3]], 'three bounds'),
    refused(Array(257).fill(['known', '.k']), '257 rules'),
    refused(Array(200).fill(['known', '.k']), '257 rules and statements', '7.6', Array(57).fill(['==', '.k', 1])),
    refused([['known', '.']], 'a selector that names no argument', '7.8'),
    refused([['known', '.[0]']], 'a selector that begins with an index', '7.8'),
    refused([], 'a statement on the whole of the arguments', '7.8', [['all', '.', ['==', '.', 1]]]),
  ]
}

export function pathCases(): readonly object[] {
  const within = (path: string, allowed: boolean, description: string): object => ({
    clause: '7.7',
    description,
    valid: true,
    input: { path, roots: ['/srv/data'] },
    expected: { allowed },
  })
  return [
    within('/srv/data', true, 'the root'),
    within('/srv/data/', true, 'the root with a slash at its end'),
    within('/srv/data/a/b.txt', true, 'below the root'),
    within('/srv/data/.hidden', true, 'a name that begins with a dot'),
    within('/srv/data/a..b', true, 'two dots within a name'),
    within('/srv/data/100%', true, 'a percent sign'),
    within('/srv/data/%41', true, 'an encoding of a plain letter stays as it is'),
    within('/srv/data/größe', true, 'letters with marks, composed'),
    within('/srv/data/日本', true, 'other scripts'),
    within('/srv/data/a b', true, 'a space within a name'),
    within('/srv', false, 'above the root'),
    within('/', false, 'the root of all'),
    within('/srv/database', false, 'a longer segment'),
    within('/SRV/data', false, 'another case'),
    within('/srv/data/../etc', false, 'two dots'),
    within('/srv/data/..', false, 'two dots at the end'),
    within('/srv/data/./a', false, 'one dot'),
    within('/srv/data/.', false, 'one dot at the end'),
    within('/srv//data/a', false, 'an empty segment'),
    within('//srv/data/a', false, 'two slashes in front'),
    within('/srv/data/a//', false, 'two slashes at the end'),
    within('srv/data/a', false, 'a relative path'),
    within('./srv/data', false, 'a relative path with a dot'),
    within('~/data', false, 'a home'),
    within('', false, 'nothing'),
    within('file:///srv/data/a', false, 'a URL'),
    within('C:\\srv\\data', false, 'a drive'),
    within('/srv/data\\..\\etc', false, 'backslashes'),
    within('/srv/data/a\u0000.png', false, 'NUL'),
    within('/srv/data/a\n', false, 'a line break'),
    within('/srv/data/a.', false, 'a dot at the end of a name'),
    within('/srv/data/a /b', false, 'a space at the end of a name'),
    within('/srv/data/...', false, 'three dots'),
    within('/srv/data/%2e%2e/etc', false, 'encoded dots'),
    within('/srv/data/%2E%2E/etc', false, 'encoded dots in capitals'),
    within('/srv/data/..%2fetc', false, 'an encoded slash'),
    within('/srv/data/a%5cb', false, 'an encoded backslash'),
    within('/srv/data/a%00', false, 'an encoded NUL'),
    within('/srv/data/%252e%252e', false, 'an encoded percent sign'),
    within('/srv/data/u\u0308', false, 'letters with marks, decomposed'),
    within('/srv/data/\uff0e\uff0e/etc', false, 'full-width dots'),
    within('/srv/data/a\uff0fb', false, 'a full-width slash'),
    within('/srv/data/\u2025/etc', false, 'a two-dot leader'),
    within('/srv/data/a\u2100', false, 'a character that decomposes to one with a slash'),
    within('/srv/data/\uff052e', false, 'a full-width percent sign'),
    within('/srv/data/a\u200b', false, 'a space of no width'),
    within('/srv/data/\u202etxt', false, 'a change of direction'),
    within('/srv/data/\ue000', false, 'a private character'),
    within('/srv/data/\u0378', false, 'an unassigned character'),
    within(`/srv/data/${'a'.repeat(4086)}`, true, '4,096 units'),
    within(`/srv/data/${'a'.repeat(4087)}`, false, '4,097 units'),
  ]
}

function one(
  payload: string,
  policy: Json,
  argumentsJson: string,
  outcome: { readonly allowed: boolean; readonly description: string },
): object {
  return {
    clause: '7.5',
    description: outcome.description,
    valid: true,
    input: { payload, policy, argumentsJson },
    expected: { allowed: outcome.allowed },
  }
}
