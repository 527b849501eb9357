/** Cases of clauses 2.4 to 2.6: ordinary JSON, the canonical writer and the narrow profile. */

export function jcsCases(): readonly object[] {
  return [
    ...numberCases(),
    ...writerCases(),
    ...narrowCases(),
    ...narrowRefusals(),
    ...ordinaryCases(),
    ...ordinaryRefusals(),
    ...limitCases(),
  ]
}

/** The samples of RFC 8785, appendix B: IEEE 754 bits, big endian, and the text. */
function numberCases(): readonly object[] {
  const rows: readonly (readonly [doubleHex: string, canonical: string])[] = [
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ]
  const refused = [
    ['7fffffffffffffff', 'not a number'],
    ['7ff0000000000000', 'infinity'],
    ['fff0000000000000', 'minus infinity'],
  ] as const
  return [
    ...rows.map(([doubleHex, canonical]) => ({
      clause: '2.5',
      description: `the double ${doubleHex} (RFC 8785, appendix B)`,
      valid: true,
      input: { doubleHex },
      expected: { canonical },
    })),
    ...refused.map(([doubleHex, name]) => ({
      clause: '2.5',
      description: `${name} has no JSON form`,
      valid: false,
      input: { doubleHex },
      error: 'JSON_INVALID',
    })),
  ]
}

/** Ordinary JSON text in, canonical text out. */
function writerCases(): readonly object[] {
  const rows: readonly (readonly [description: string, json: string, canonical: string])[] = [
    ['white space goes', ' { "a" : [ 1 , 2 ] }\n', '{"a":[1,2]}'],
    ['names are sorted at every level', '{"b":{"d":1,"c":2},"a":3}', '{"a":3,"b":{"c":2,"d":1}}'],
    ['items keep their order', '[3,1,2]', '[3,1,2]'],
    [
      'names sort by UTF-16 code units',
      '{"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3}',
      '{"\u20ac":3,"\ud83d\ude00":2,"\ufb33":1}',
    ],
    ['a name that looks like an index sorts as text', '{"10":1,"9":2,"a":3}', '{"10":1,"9":2,"a":3}'],
    ['the empty name comes first', '{"a":1,"":2}', '{"":2,"a":1}'],
    ['a name of a prototype is a name', '{"__proto__":{"a":1},"A":2}', '{"A":2,"__proto__":{"a":1}}'],
    ['short escapes', '"\\u0008\\u0009\\u000a\\u000c\\u000d\\"\\\\"', '"\\b\\t\\n\\f\\r\\"\\\\"'],
    ['other control characters in lower-case hex', '"\\u0000\\u001F"', '"\\u0000\\u001f"'],
    ['a solidus stays bare', '"\\/"', '"/"'],
    ['DEL and line separators stay bare', '"\\u007f\\u2028\\u2029"', '"\u007f\u2028\u2029"'],
    ['an escaped pair of surrogates becomes its character', '"\\ud83d\\ude00"', '"\ud83d\ude00"'],
    ['no normalization of characters', '"A\\u030a"', '"A\u030a"'],
    ['minus zero becomes zero', '-0', '0'],
    ['an exponent becomes an integer', '1E3', '1000'],
    ['a fraction of zero goes', '4.50', '4.5'],
    ['a large exponent', '1e21', '1e+21'],
    ['literals', '[true,false,null]', '[true,false,null]'],
  ]
  return rows.map(([description, json, canonical]) => ({
    clause: '2.5',
    description,
    valid: true,
    input: { json },
    expected: { canonical },
  }))
}

function narrowCases(): readonly object[] {
  const rows: readonly (readonly [description: string, text: string])[] = [
    ['an empty object', '{}'],
    ['sorted names', '{"a":1,"b":[true,null,"x"]}'],
    ['the largest integer', '9007199254740991'],
    ['the smallest integer', '-9007199254740991'],
    ['one name in different objects', '[{"a":1},{"a":2}]'],
    ['a string with escapes and braces', '"\\"{[\\\\"'],
  ]
  return rows.map(([description, text]) => ({
    clause: '2.6',
    description,
    valid: true,
    input: { profile: 'narrow', text },
    expected: { value: JSON.parse(text) },
  }))
}

function narrowRefusals(): readonly object[] {
  const rows: readonly (readonly [description: string, text: string])[] = [
    ['white space', '{"a": 1}'],
    ['a line end after the value', '{}\n'],
    ['names out of order', '{"b":1,"a":2}'],
    ['a repeated name', '{"a":1,"a":1}'],
    ['a repeated name behind an escape', '{"a":1,"\\u0061":1}'],
    ['a fraction', '{"a":1.5}'],
    ['a fraction of zero', '1.0'],
    ['an exponent', '1e3'],
    ['minus zero', '-0'],
    ['an integer of 2^53', '9007199254740992'],
    ['an integer that a double rounds', '9007199254740993'],
    ['a large number in canonical form', '1e+21'],
    ['an escape that is not needed', '"\\u0061"'],
    ['an escaped solidus', '"\\/"'],
    ['a control character with a short escape, written long', '"\\u000a"'],
    ['upper-case hex in an escape', '"\\u001F"'],
    ['an escaped character beyond ASCII', '"\\u20ac"'],
  ]
  return rows.map(([description, text]) => refused({ clause: '2.6', description, profile: 'narrow', text }))
}

function ordinaryCases(): readonly object[] {
  const rows: readonly (readonly [description: string, text: string])[] = [
    ['white space, fractions and exponents', ' {"b" : 1.5e2 ,\t"a":\r\n[-0.25, 1E3]} '],
    ['a string that holds what looks like names', '{"a":"\\"b\\":1,\\"b\\":2","b":"}"}'],
    ['one text as a name and as a value', '{"a":"a","b":"a"}'],
    ['equal strings in an array', '["a","a"]'],
    ['a name that ends in escaped backslashes', '{"a\\\\":1,"a\\\\\\\\":2}'],
  ]
  return rows.map(([description, text]) => ({
    clause: '2.4',
    description,
    valid: true,
    input: { profile: 'ordinary', text },
    expected: { value: JSON.parse(text) },
  }))
}

function ordinaryRefusals(): readonly object[] {
  const rows: readonly (readonly [description: string, text: string])[] = [
    ['no text', ''],
    ['a repeated name', '{"a":1,"b":2,"a":3}'],
    ['a repeated name with space before its colon', '{"a" :1,"a"\n:2}'],
    ['a repeated name behind an escape', '{"a":1,"\\u0061":2}'],
    ['a repeated name deep inside', '[{"x":{"a":1,"a":2}}]'],
    ['a repeated name of a prototype', '{"__proto__":1,"__proto__":2}'],
    ['a lone high surrogate', '"\\ud83d"'],
    ['a lone low surrogate in a name', '{"\\ude00":1}'],
    ['a number beyond the doubles', '1e999'],
    ['a number with a leading zero', '01'],
    ['a number with a leading plus', '+1'],
    ['a number with two points', '1.2.3'],
    ['a comma after the last item', '[1,]'],
    ['a comma after the last member', '{"a":1,}'],
    ['a name without quotes', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['a comment', '{"a":1}//'],
    ['a second value', '{}{}'],
    ['a closing bracket too many', '[]]'],
    ['a bracket that does not match', '[}'],
    ['an array that does not end', '[1'],
    ['a string that does not end', '"abc'],
    ['a string that ends in a backslash', '"abc\\"'],
    ['an unknown escape in a name', '{"\\x":1}'],
    ['a control character in a string', '"a\nb"'],
    ['a name in an array', '["a":1]'],
    ['NaN', 'NaN'],
    ['a byte order mark', '\ufeff{}'],
  ]
  const bytes = [
    ['bytes that are not UTF-8', '22ff22'],
    ['an encoded surrogate', '22eda08022'],
  ] as const
  return [
    ...rows.map(([description, text]) => refused({ clause: '2.4', description, profile: 'ordinary', text })),
    ...bytes.map(([description, textHex]) => ({
      clause: '2.4',
      description,
      valid: false,
      input: { profile: 'ordinary', textHex },
      error: 'JSON_INVALID',
    })),
  ]
}

/** The limits themselves and one past them. */
function limitCases(): readonly object[] {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const cases: readonly (readonly [description: string, input: LimitedText, error: string | undefined])[] = [
    ['as deep as the default allows', { text: nested(64) }, undefined],
    ['one deeper than the default allows', { text: nested(65) }, 'INPUT_TOO_DEEP'],
    ['as deep as the stated limit', { text: '{"a":[]}', maxDepth: 2 }, undefined],
    ['one deeper than the stated limit', { text: '{"a":[{}]}', maxDepth: 2 }, 'INPUT_TOO_DEEP'],
    ['as long as the stated limit', { text: '"\u20ac"', maxBytes: 5 }, undefined],
    ['one byte longer than the stated limit', { text: '"\u20ac"', maxBytes: 4 }, 'INPUT_TOO_LARGE'],
  ]
  return cases.flatMap(([description, input, error]) =>
    ['narrow', 'ordinary'].map((profile) => ({
      clause: '2.1',
      description: `${description}, ${profile} profile`,
      valid: error === undefined,
      input: { profile, ...input },
      ...(error === undefined ? { expected: { value: JSON.parse(input.text) } } : { error }),
    })),
  )
}

interface LimitedText {
  readonly text: string
  readonly maxDepth?: number
  readonly maxBytes?: number
}

interface Refusal {
  readonly clause: string
  readonly description: string
  readonly profile: 'narrow' | 'ordinary'
  readonly text: string
}

function refused({ clause, description, profile, text }: Refusal): object {
  return { clause, description, valid: false, input: { profile, text }, error: 'JSON_INVALID' }
}
