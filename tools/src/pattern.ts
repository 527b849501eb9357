import { Refusal } from './schema-json.ts'

export function assertLinearPattern(pattern: string, at: string): void {
  if (!pattern.startsWith('^') || !pattern.endsWith('$')) throw new Refusal(at, 'a pattern is anchored with ^ and $')
  try {
    new RegExp(pattern, 'u')
  } catch {
    throw new Refusal(at, 'the pattern is not a regular expression')
  }
}
