/** Vectors of commands (7.3) and JSON arguments (8.4). */
import { cbor, type Value } from './capability-tokens.ts'

export function commandCases(): readonly object[] {
  const covers = (granted: string, asked: string, covered: boolean, description: string): object => ({
    clause: '7.3',
    description,
    valid: true,
    input: { granted, asked },
    expected: { covered },
  })
  const refused = (command: string, description: string): object => ({
    clause: '7.3',
    description,
    valid: false,
    input: { command },
    error: 'CAPABILITY_COMMAND_INVALID',
  })
  const tool = (server: string, name: string, command: string): object => ({
    clause: '7.3',
    description: `the command of the tool ${JSON.stringify(name)} of ${JSON.stringify(server)}`,
    valid: true,
    input: { server, tool: name },
    expected: { command, display: command.replace('/mcp/', 'mcp:') },
  })
  return [
    covers('/', '/crypto/sign', true, 'the root covers everything'),
    covers('/', '/', true, 'the root covers itself'),
    covers('/crypto', '/crypto', true, 'a command covers itself'),
    covers('/crypto', '/crypto/sign', true, 'a command covers what lies below it'),
    covers('/crypto', '/cryptocurrency', false, 'a shared beginning of a segment is not a shared segment'),
    covers('/crypto/sign', '/crypto', false, 'a command does not cover what lies above it'),
    covers('/crypto', '/', false, 'only the root covers the root'),
    covers('/mcp/git/tool/log', '/mcp/svn/tool/log', false, 'a difference in the middle counts'),
    covers('/', `/${'a/'.repeat(15)}a`, true, '16 segments'),
    covers('/', `/${'a'.repeat(1023)}`, true, '1,024 characters'),
    tool('git', 'git_log', '/mcp/git/tool/git_log'),
    tool('My Files', 'readFile', '/mcp/~4dy~20~46iles/tool/read~46ile'),
    tool('a/b', '~', '/mcp/a~2fb/tool/~7e'),
    tool('é', '..', '/mcp/~c3~a9/tool/~2e~2e'),
    refused('', 'an empty text'),
    refused('crypto', 'no slash in front'),
    refused('/crypto/', 'a slash at the end'),
    refused('//crypto', 'an empty segment'),
    refused('/Crypto', 'an upper-case letter'),
    refused('/cry pto', 'a space'),
    refused('/crypto\u200b', 'a character that prints nothing'),
    refused(`/${'a/'.repeat(16)}a`, '17 segments'),
    refused(`/${'a'.repeat(1024)}`, '1,025 characters'),
  ]
}

export function argumentCases(): readonly object[] {
  const maps = (json: string, value: Value, description: string): object => ({
    clause: '8.4',
    description,
    valid: true,
    input: { json },
    expected: { cborHex: cbor(value).toString('hex') },
  })
  const refused = (json: string, error: string, description: string): object => ({
    clause: '8.4',
    description,
    valid: false,
    input: { json },
    error,
  })
  const text = (number: string): Uint8Array => Buffer.from(number)
  const invalid = 'CAPABILITY_ARGUMENTS_INVALID'
  return [
    maps('{}', {}, 'no arguments'),
    maps(' { "b" : [ ] , "a" : null } ', { a: null, b: [] }, 'white space and order carry no meaning'),
    maps('{"s":"\\u0061\\n\\ud83d\\ude00"}', { s: 'a\n😀' }, 'escapes carry no meaning'),
    maps('{"t":true,"f":false}', { t: true, f: false }, 'booleans'),
    maps('{"n":0,"m":-1,"l":9007199254740991}', { n: 0, m: -1, l: 9007199254740991 }, 'integers within 2^53'),
    maps('{"n":9007199254740992}', { n: text('9007199254740992') }, 'an integer beyond 2^53 keeps its digits'),
    maps('{"n":-9007199254740992}', { n: text('-9007199254740992') }, 'a negative one as well'),
    maps('{"n":1.0}', { n: text('1.0') }, 'a fraction of zero is not the integer'),
    maps('{"n":1e0}', { n: text('1e0') }, 'an exponent of zero is not the integer'),
    maps('{"n":-0}', { n: text('-0') }, 'negative zero is not zero'),
    maps('{"n":0.1}', { n: text('0.1') }, 'a fraction keeps its digits'),
    maps('{"n":1E+400}', { n: text('1E+400') }, 'a number that no float can hold'),
    maps('{"a":[1,[2.5,{"b":"c"}]]}', { a: [1, [text('2.5'), { b: 'c' }]] }, 'nested values'),
    maps('{"__proto__":{"admin":true}}', JSON.parse('{"__proto__":{"admin":true}}'), '__proto__ is a name'),
    maps('{"":"","é":1}', { '': '', é: 1 }, 'empty and non-ASCII names'),
    maps(`{"a":1${'0'.repeat(1023)}}`, { a: text(`1${'0'.repeat(1023)}`) }, 'a number of 1,024 characters'),
    maps(`{"a":${'['.repeat(23)}${']'.repeat(23)}}`, { a: nest(23) }, '24 levels'),
    refused('[]', invalid, 'an array'),
    refused('', invalid, 'nothing'),
    refused('null', invalid, 'null'),
    refused('{"a":1,"a":2}', invalid, 'a name twice'),
    refused('{"a":1,"\\u0061":2}', invalid, 'a name twice, once escaped'),
    refused('{"o":{"a":1,"a":1}}', invalid, 'a name twice further down'),
    refused('{"a":01}', invalid, 'a leading zero'),
    refused('{"a":+1}', invalid, 'a plus sign'),
    refused('{"a":.5}', invalid, 'no digit before the point'),
    refused('{"a":1.}', invalid, 'no digit behind the point'),
    refused('{"a":NaN}', invalid, 'not a number'),
    refused('{"a":1,}', invalid, 'a comma at the end'),
    refused('{"a" 1}', invalid, 'no colon'),
    refused("{'a':1}", invalid, 'single quotes'),
    refused('{"a":"', invalid, 'a string without an end'),
    refused('{"a":"\\x"}', invalid, 'an unknown escape'),
    refused('{"a":"\u0001"}', invalid, 'a bare control character'),
    refused('{"a":"\\ud800"}', invalid, 'a lone surrogate'),
    refused('{"\\udc00":1}', invalid, 'a lone surrogate in a name'),
    refused('{} {}', invalid, 'text after the value'),
    refused('\ufeff{}', invalid, 'a byte order mark'),
    refused('{"a":[1', invalid, 'an array without an end'),
    refused('{"a":1', invalid, 'an object without an end'),
    refused(`{"a":1${'0'.repeat(1024)}}`, invalid, 'a number of 1,025 characters'),
    refused(`{"a":${'['.repeat(24)}${']'.repeat(24)}}`, 'INPUT_TOO_DEEP', '25 levels'),
  ]
}

/** Lists in lists. */
function nest(levels: number): Value {
  return levels === 1 ? [] : [nest(levels - 1)]
}
