/**
 * Encoded labels of internationalized names: Punycode (RFC 3492), and which decoded labels have one reading (spec
 * 07-delegation, clause 7.6.3).
 */

const BASE = 36
const MIN_THRESHOLD = 1
const MAX_THRESHOLD = 26
const SKEW = 38
const FIRST_DAMP = 700
const INITIAL_BIAS = 72
const FIRST_CODE_POINT = 0x80
const LAST_CODE_POINT = 0x10ffff

/** Letters, marks and decimal digits of all scripts and hyphens, beginning with no mark. */
const PLAIN_LABEL = /^(?!\p{M})[\p{L}\p{M}\p{Nd}-]+$/u
const BEYOND_ASCII = /[^\0-\x7f]/
/** Hyphens at either end, or where encodings have them. */
const MISPLACED_HYPHEN = /^-|-$|^..--/u

/**
 * Whether a label that begins with `xn--`, in lower case, is the encoding of a text that needs one, and that every
 * mapping leaves as it is: letters, marks and digits, in lower case, in form NFKC.
 */
export function isEncodedLabel(label: string): boolean {
  const text = decodePunycode(label.slice(4))
  if (text === undefined || !BEYOND_ASCII.test(text)) return false
  if (!PLAIN_LABEL.test(text) || MISPLACED_HYPHEN.test(text)) return false
  return text === text.toLowerCase() && text === text.normalize('NFKC')
}

/**
 * Decodes Punycode.
 *
 * @param encoded of `a` to `z`, digits and hyphens
 * @returns undefined where it ends too early or leads beyond Unicode
 */
function decodePunycode(encoded: string): string | undefined {
  const cut = encoded.lastIndexOf('-')
  // A hyphen in front divides nothing: without it the same text would be encoded.
  if (cut === 0) return undefined
  const output = encoded.slice(0, Math.max(cut, 0)).split('')
  const digits = encoded
    .slice(cut + 1)
    .split('')
    .map((character) => (Number.parseInt(character, BASE) + 26) % BASE)
  let [codePoint, bias, at] = [FIRST_CODE_POINT, INITIAL_BIAS, 0]
  while (digits.length > 0) {
    const delta = takeNumber(digits, bias)
    if (delta === undefined) return undefined
    const length = output.length + 1
    bias = adapt(delta, { length, isFirst: at === 0 })
    codePoint += Math.floor((at + delta) / length)
    at = (at + delta) % length
    if (codePoint > LAST_CODE_POINT) return undefined
    output.splice(at, 0, String.fromCodePoint(codePoint))
    at += 1
  }
  return output.join('')
}

/** Takes one number of variable length; undefined where the digits end within it. */
function takeNumber(digits: number[], bias: number): number | undefined {
  let [number, weight] = [0, 1]
  for (let step = BASE; ; step += BASE) {
    const digit = digits.shift()
    if (digit === undefined) return undefined
    number += digit * weight
    const threshold = Math.min(Math.max(step - bias, MIN_THRESHOLD), MAX_THRESHOLD)
    if (digit < threshold) return number
    weight *= BASE - threshold
  }
}

function adapt(delta: number, { length, isFirst }: { readonly length: number; readonly isFirst: boolean }): number {
  let rest = Math.floor(delta / (isFirst ? FIRST_DAMP : 2))
  rest += Math.floor(rest / length)
  let steps = 0
  while (rest > Math.floor(((BASE - MIN_THRESHOLD) * MAX_THRESHOLD) / 2)) {
    rest = Math.floor(rest / (BASE - MIN_THRESHOLD))
    steps += BASE
  }
  return steps + Math.floor(((BASE - MIN_THRESHOLD + 1) * rest) / (rest + SKEW))
}
