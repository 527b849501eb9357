/** Sets of characters in patterns: classes, the dot, Unicode's general categories (RFC 9485, section 5). */

/** Whether a set holds a code point. */
export type CharacterTest = (codePoint: number) => boolean

/** One member of a class. */
export type ClassItem = { readonly first: number; readonly last: number } | { readonly test: CharacterTest }

/** The general categories that RFC 9485 names. */
const CATEGORIES: ReadonlyMap<string, RegExp> = new Map(
  'L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps Z Zl Zp Zs S Sc Sk Sm So C Cc Cf Cn Co'
    .split(' ')
    .map((name) => [name, new RegExp(`^\\p{${name}}$`, 'u')] as const),
)

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** The dot: any character but LF and CR. */
export const anyCharacter: CharacterTest = (codePoint) => codePoint !== LINE_FEED && codePoint !== CARRIAGE_RETURN

export function oneCharacter(wanted: number): CharacterTest {
  return (codePoint) => codePoint === wanted
}

/** `\p{name}`; undefined where RFC 9485 has no such category. */
export function categoryTest(name: string): CharacterTest | undefined {
  const pattern = CATEGORIES.get(name)
  return pattern === undefined ? undefined : (codePoint) => pattern.test(String.fromCodePoint(codePoint))
}

export function negated(test: CharacterTest): CharacterTest {
  return (codePoint) => !test(codePoint)
}

/** Tries the items one by one: the work is the class's size, which the match has paid for. */
export function classTest(items: readonly ClassItem[]): CharacterTest {
  return (codePoint) => {
    for (const item of items) {
      if ('test' in item ? item.test(codePoint) : item.first <= codePoint && codePoint <= item.last) return true
    }
    return false
  }
}
