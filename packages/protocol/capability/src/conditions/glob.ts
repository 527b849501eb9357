/**
 * Glob matching in linear time (spec 07-delegation, clause 7.5; UCAN delegation 1.0, "Glob Matching").
 *
 * `*` stands for any number of characters, `\*` for a star; nothing else is special. The literal pieces between the
 * stars are found one after the other, leftmost first, each by Knuth, Morris and Pratt: the cost is the pattern's
 * length plus the text's, whatever the pattern.
 */

interface Piece {
  readonly text: string
  /** For each prefix of the text, the length of its longest border. */
  readonly borders: Uint32Array
}

/** A compiled pattern. */
export type Glob = (text: string) => boolean

/** Compiles a pattern once; the result matches whole texts. */
export function compileGlob(pattern: string): Glob {
  const pieces = literalPieces(pattern)
  const first = pieces.slice(0, 1).join('')
  if (pieces.length === 1) return (text) => text === first
  const last = pieces.slice(-1).join('')
  const middle = pieces
    .slice(1, -1)
    .filter((piece) => piece !== '')
    .map((text) => ({ text, borders: bordersOf(text) }))
  return (text) => {
    const end = text.length - last.length
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false
    let position = first.length
    for (const piece of middle) {
      position = findEnd(piece, text, { from: position, until: end })
      if (position < 0) return false
    }
    return true
  }
}

/** Splits at the unescaped stars; one piece more than there are stars. */
function literalPieces(pattern: string): string[] {
  const pieces: string[] = []
  let piece = ''
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index)
    if (character === '\\' && pattern.charAt(index + 1) === '*') {
      piece += '*'
      index += 1
    } else if (character === '*') {
      pieces.push(piece)
      piece = ''
    } else {
      piece += character
    }
  }
  return [...pieces, piece]
}

function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length)
  let length = 0
  for (let index = 1; index < text.length; index += 1) {
    while (length > 0 && text.charCodeAt(index) !== text.charCodeAt(length)) length = Number(borders.at(length - 1))
    if (text.charCodeAt(index) === text.charCodeAt(length)) length += 1
    borders[index] = length
  }
  return borders
}

/** Where the first occurrence within `from` to `until` ends, or -1. */
function findEnd(piece: Piece, text: string, range: { readonly from: number; readonly until: number }): number {
  let length = 0
  for (let index = range.from; index < range.until; index += 1) {
    const unit = text.charCodeAt(index)
    while (length > 0 && unit !== piece.text.charCodeAt(length)) length = Number(piece.borders.at(length - 1))
    if (unit === piece.text.charCodeAt(length)) length += 1
    if (length === piece.text.length) return index + 1
  }
  return -1
}
