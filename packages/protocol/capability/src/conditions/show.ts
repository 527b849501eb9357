/**
 * What may be shown of another's text: plain short words, as they are; anything else by its length alone.
 *
 * Denials end in logs, in terminals and in a model's context, and texts in tokens are their issuers'. Without spaces and
 * beyond a short length nobody's text can pose as a sentence of ours.
 */

const PLAIN_TEXT = /^[A-Za-z0-9_./:@~+*-]{1,128}$/
const PLAIN_PATTERN = /^[!-~]{1,128}$/
const PLAIN_NAME = /^[A-Za-z0-9_-]{1,64}$/
/** The name of a policy, which may have spaces, and what is said of it. */
const PLAIN_REASON = /^[A-Za-z0-9_ .:/-]{1,96}$/

/** Choices that are listed; a longer list is only counted. */
const LISTED_CHOICES = 8

/** The choices of a rule: the first few, and how many more there are. */
export function showChoices(texts: readonly string[]): string {
  const listed = texts.slice(0, LISTED_CHOICES).map(showText)
  const others = texts.length - listed.length
  return [...listed, ...(others > 0 ? [`one of ${others} others`] : [])].join(' or ')
}

/** One text of the rule. */
export function showText(text: string): string {
  return PLAIN_TEXT.test(text) ? text : `(a text of ${text.length} characters)`
}

/** A pattern: any printable ASCII but spaces. */
export function showPattern(pattern: string): string {
  return PLAIN_PATTERN.test(pattern) ? pattern : `(of ${pattern.length} characters)`
}

/** An argument's name. */
export function showName(name: string): string {
  return PLAIN_NAME.test(name) ? name : `(a name of ${name.length} characters)`
}

/** A reason of the executor's own policy, which is its owner's text and not a peer's: a few plain words. */
export function showReason(reason: string): string {
  return PLAIN_REASON.test(reason) ? reason : `(a reason of ${reason.length} characters)`
}

/** "from 1 to 5", "of at least 1", "of at most 5"; the widest safe integers are open bounds. */
export function showNumberRange(minimum: number, maximum: number): string {
  if (minimum <= Number.MIN_SAFE_INTEGER)
    return maximum >= Number.MAX_SAFE_INTEGER ? 'of any size' : `of at most ${maximum}`
  return maximum >= Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
}
