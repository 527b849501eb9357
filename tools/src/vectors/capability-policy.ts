/** Vectors of selectors (7.4) and policies (7.5). */
import { type Json, TALOS, UCAN } from './capability-rules-shared.ts'

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
    ...apart(
      [
        [
          'or',
          [
            ['not', ['like', '.a', 'x*']],
            ['==', '.a', 6],
          ],
        ],
      ],
      '{"a":5}',
      'a negation or false',
    ),
    ...apart([['all', '.a', ['not', ['like', '.', '/etc/*']]]], '{"a":["/srv",5]}', 'a negation on each item'),
    ...apart([['any', '.a', ['not', ['like', '.', 'x*']]]], '{"a":[5]}', 'a negation on any item'),
    ...apart([['not', ['all', '.a', ['like', '.', 'x*']]]], '{"a":["xa",5]}', 'the negation of all items'),
    ...apart(
      [
        [
          'not',
          [
            'and',
            [
              ['like', '.a', '*'],
              ['any', '.b', ['>', '.', 1]],
            ],
          ],
        ],
      ],
      '{"a":5,"b":1}',
      'two undecided parts',
    ),
    ...both([['not', ['not', ['like', '.a', 'x*']]]], '{"a":5}', false, 'a negation of a negation of undecided'),
    ...both(
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
      '{"a":5}',
      false,
      'not undecided or true',
    ),
    ...both(
      [
        [
          'not',
          [
            'and',
            [
              ['like', '.a', 'x*'],
              ['==', '.a', 6],
            ],
          ],
        ],
      ],
      '{"a":5}',
      true,
      'not undecided and false',
    ),
    ...both([['not', ['==', '.a', 5]]], '{"a":5.0}', false, 'the negation of an undecided equality of numbers'),
    ...both([['not', ['!=', '.a', 5]]], '{"a":5.0}', false, 'the negation of an undecided inequality of numbers'),
    ...both([['not', ['any', '.a', ['==', '.', 5]]]], '{"a":[1,5.0]}', false, 'an undecided number among the items'),
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
