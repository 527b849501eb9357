/** Cases of clauses 2.3 and 2.7: links as text, and the text forms of bytes. */

const DIGEST_HEX = '11'.repeat(32)
const LINK_TEXT = 'bafyreiarceirceirceirceirceirceirceirceirceirceirceirceirce'
const FOOBAR_HEX = '666f6f626172'

export function encodingCases(): readonly object[] {
  return [...validCases(), ...invalidCases(), ...boundCases(), ...linkCases()]
}

/** Both directions. The base 64 and base 32 rows are those of RFC 4648, section 10, in our spelling. */
function validCases(): readonly object[] {
  const prefixes = [0, 1, 2, 3, 4, 5, 6].map((length) => FOOBAR_HEX.slice(0, 2 * length))
  const tables: Readonly<Record<string, readonly string[]>> = {
    hex: prefixes,
    base64: ['', 'Zg==', 'Zm8=', 'Zm9v', 'Zm9vYg==', 'Zm9vYmE=', 'Zm9vYmFy'],
    base64url: ['', 'Zg', 'Zm8', 'Zm9v', 'Zm9vYg', 'Zm9vYmE', 'Zm9vYmFy'],
    base32: ['', 'my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi'],
  }
  const more: readonly (readonly [encoding: string, text: string, bytesHex: string])[] = [
    ['hex', '00ff0a', '00ff0a'],
    ['base64', '+/8=', 'fbff'],
    ['base64url', '-_8', 'fbff'],
    ['base58btc', '', ''],
    ['base58btc', '1', '00'],
    ['base58btc', '11', '0000'],
    ['base58btc', '2g', '61'],
    ['base58btc', 'a3gV', '626262'],
    ['base58btc', 'aPEr', '636363'],
    ['base58btc', '11233QC4', '0000287fb4cd'],
    ['utf-8', 'a\u00e9\u20ac\ud834\udd1e', '61c3a9e282acf09d849e'],
    ['utf-8', '\ufeffa', 'efbbbf61'],
  ]
  const rows = Object.entries(tables).flatMap(([encoding, texts]) =>
    texts.map((text, index) => ({ encoding, text, bytesHex: FOOBAR_HEX.slice(0, 2 * index) })),
  )
  return [...rows, ...more.map(([encoding, text, bytesHex]) => ({ encoding, text, bytesHex }))].map(
    ({ encoding, text, bytesHex }) => ({
      clause: '2.7',
      description: `${bytesHex.length / 2} bytes in ${encoding}`,
      valid: true,
      input: { encoding, text },
      expected: { bytesHex },
    }),
  )
}

function invalidCases(): readonly object[] {
  const rows: readonly (readonly [encoding: string, text: string, description: string])[] = [
    ['hex', 'AB', 'upper case'],
    ['hex', 'abc', 'half a byte'],
    ['hex', '0g', 'a letter outside the alphabet'],
    ['hex', '0x00', 'a prefix'],
    ['hex', 'ab cd', 'a space'],
    ['base64', 'Zg', 'padding left out'],
    ['base64', 'Zg=', 'padding cut short'],
    ['base64', 'Zh==', 'bits after the last byte'],
    ['base64', 'Zm9', 'bits after the last byte, padding left out'],
    ['base64', '-_8=', 'the URL alphabet'],
    ['base64', 'Zm9v\n', 'a line end'],
    ['base64', 'Zg==Zg==', 'padding within'],
    ['base64url', 'Zg==', 'padding'],
    ['base64url', 'Zh', 'bits after the last byte'],
    ['base64url', 'Z', 'a single character'],
    ['base64url', '+/8', 'the ordinary alphabet'],
    ['base64url', ' Zg', 'a space'],
    ['base32', 'MY', 'upper case'],
    ['base32', 'my======', 'padding'],
    ['base32', 'mz', 'bits after the last byte'],
    ['base32', 'm', 'a single character'],
    ['base32', 'm1', 'a digit outside the alphabet'],
    ['base32', 'm\u0131', 'a letter whose upper case is in the alphabet'],
    ['base58btc', '0', 'a zero'],
    ['base58btc', 'O', 'a capital O'],
    ['base58btc', 'I', 'a capital I'],
    ['base58btc', 'l', 'a small l'],
    ['base58btc', '2g ', 'a space'],
  ]
  const bytes: readonly (readonly [bytesHex: string, description: string])[] = [
    ['ff', 'a byte that begins no character'],
    ['c3', 'a character cut short'],
    ['c080', 'an overlong form'],
    ['eda080', 'an encoded surrogate'],
    ['f4908080', 'a character beyond U+10FFFF'],
  ]
  return [
    ...rows.map(([encoding, text, description]) => ({
      clause: '2.7',
      description: `${encoding}: ${description}`,
      valid: false,
      input: { encoding, text },
      error: 'ENCODING_INVALID',
    })),
    ...bytes.map(([bytesHex, description]) => ({
      clause: '2.7',
      description: `utf-8: ${description}`,
      valid: false,
      input: { encoding: 'utf-8', bytesHex },
      error: 'ENCODING_INVALID',
    })),
  ]
}

function boundCases(): readonly object[] {
  return [
    {
      clause: '2.7',
      description: 'base58btc: as long as the limit',
      valid: true,
      input: { encoding: 'base58btc', text: '1'.repeat(92) },
      expected: { bytesHex: '00'.repeat(92) },
    },
    {
      clause: '2.7',
      description: 'base58btc: one character longer than the limit',
      valid: false,
      input: { encoding: 'base58btc', text: '1'.repeat(129) },
      error: 'INPUT_TOO_LARGE',
    },
  ]
}

function linkCases(): readonly object[] {
  const rows: readonly (readonly [description: string, text: string])[] = [
    ['no text', ''],
    ['upper case', LINK_TEXT.toUpperCase()],
    ['another multibase letter', `z${LINK_TEXT.slice(1)}`],
    ['a character cut off', LINK_TEXT.slice(0, -1)],
    ['a character too many', `${LINK_TEXT}a`],
    ['a character outside the alphabet', `${LINK_TEXT.slice(0, -1)}1`],
    ['bits after the last byte', `${LINK_TEXT.slice(0, -1)}f`],
    ['another codec', 'bafkreiarceirceirceirceirceirceirceirceirceirceirceirceirce'],
    ['version 0', 'QmPChd2hVbrJ6bfo3WBcTW4iZnpHm8TEzWkLHmLpXhF68A'],
  ]
  return [
    {
      clause: '2.3',
      description: 'a link as text',
      valid: true,
      input: { encoding: 'cid', text: LINK_TEXT },
      expected: { bytesHex: `01711220${DIGEST_HEX}` },
    },
    {
      clause: '2.3',
      description: 'the link of the empty map',
      valid: true,
      input: { encoding: 'cid', text: 'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua' },
      expected: { bytesHex: '01711220c19a797fa1fd590cd2e5b42d1cf5f246e29b91684e2f87404b81dc345c7a56a0' },
    },
    ...rows.map(([description, text]) => ({
      clause: '2.3',
      description: `a link as text: ${description}`,
      valid: false,
      input: { encoding: 'cid', text },
      error: 'CID_INVALID',
    })),
  ]
}
