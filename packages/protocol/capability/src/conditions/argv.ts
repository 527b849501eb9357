/**
 * The rule `argv`: command lines (spec 07-delegation, clause 7.6.4).
 *
 * A line is a list of words, or a text so plain that every shell splits it into the same words. Which words are options,
 * their values and operands is read in the one way in which all common parsers agree; any other line is refused.
 */
import type { IpldValue } from '@talos/bytes'
import { isIpldMap } from '@talos/identity'
import {
  DEFAULT_MAX_WORDS,
  MAX_CHOICES,
  MAX_OPERANDS,
  MAX_PROGRAM_WORDS,
  MAX_WORD_LENGTH,
  MAX_WORDS,
} from '../limits.ts'
import { isIpldList } from './ipld.ts'
import {
  ANYTHING,
  type CompileKind,
  type Compiling,
  type Condition,
  choices,
  flagOf,
  invalid,
  onlyOperand,
  type RuleContext,
  stepsOf,
  termsOf,
} from './rule-parts.ts'
import { showText } from './show.ts'

type Words = readonly string[]

interface Terms {
  /** Longer ones first; undefined where all words are arguments. */
  readonly programs: readonly Words[] | undefined
  /** Null for an option that takes no value. */
  readonly options: ReadonlyMap<string, Condition | null>
  readonly terminator: boolean
  readonly operands: readonly Condition[]
  readonly more: Condition | undefined
  readonly max: number
}

/** A line that is being read: the words, and the next one to read. */
interface Line {
  readonly words: Words
  position: number
}

const MEMBERS: ReadonlySet<string> = new Set(['program', 'options', 'terminator', 'operands', 'more', 'max'])
const OPTION_NAME = /^--?[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/
const MAX_OPTION_LENGTH = 64
const TERMINATOR = '--'
/** Words that mean themselves to every POSIX shell, one space between two. */
const PLAIN_LINE = /^[\w./+-][\w./+:=@-]*(?: [\w./+-][\w./+:=@-]*)*$/
const UNPRINTABLE = /\p{C}/u

/** `["argv", selector, terms]` */
export const compileArgv: CompileKind = (operands, compiling) => {
  const terms = readTerms(onlyOperand(operands, compiling.path), compiling)
  return {
    requirement: requirementOf(terms),
    judge: (value, context) => {
      const words = wordsOf(value, terms, context)
      return words !== undefined && holds(words, terms, context)
    },
  }
}

function readTerms(value: IpldValue, compiling: Compiling): Terms {
  const { path } = compiling
  const { program, options, terminator, operands = [], more, max = DEFAULT_MAX_WORDS } = termsOf(value, MEMBERS, path)
  if (!isIpldList(operands) || operands.length > MAX_OPERANDS) {
    throw invalid(path, `the operands are not an array of at most ${MAX_OPERANDS} lists of rules`)
  }
  if (typeof max !== 'number' || max < 0 || max > MAX_WORDS) {
    throw invalid(path, `the number of words is not an integer from 0 to ${MAX_WORDS}`)
  }
  return {
    programs: program === undefined ? undefined : programsOf(program, path),
    options: optionsOf(options, compiling),
    terminator: flagOf(terminator, path),
    operands: operands.map((rules) => compiling.compileWord(rules, compiling)),
    more: more === undefined ? undefined : compiling.compileWord(more, compiling),
    max,
  }
}

function programsOf(value: IpldValue, path: string): readonly Words[] {
  const programs = choices(value, path).map((program) => {
    if (!isIpldList(program) || program.length === 0 || program.length > MAX_PROGRAM_WORDS) {
      throw invalid(path, `a program is not an array of 1 to ${MAX_PROGRAM_WORDS} words`)
    }
    return program.map((word) => {
      if (typeof word !== 'string' || !isWord(word)) throw invalid(path, 'a word of a program cannot be judged')
      return word
    })
  })
  return programs.toSorted((left, right) => right.length - left.length)
}

function optionsOf(value: IpldValue | undefined, compiling: Compiling): ReadonlyMap<string, Condition | null> {
  if (value === undefined) return new Map()
  const { path } = compiling
  if (!isIpldMap(value) || Object.keys(value).length > MAX_CHOICES) {
    throw invalid(path, `the options are not a map of at most ${MAX_CHOICES} members`)
  }
  return new Map(
    Object.entries(value).map(([name, rules]) => {
      if (name.length > MAX_OPTION_LENGTH || !OPTION_NAME.test(name)) {
        throw invalid(path, 'the name of an option cannot be judged')
      }
      return [name, rules === null ? null : compiling.compileWord(rules, compiling)]
    }),
  )
}

/** The words of an argument, all paid for; undefined where they cannot be told for certain. */
function wordsOf(value: IpldValue, { programs, max }: Terms, { budget }: RuleContext): Words | undefined {
  if (typeof value === 'string') {
    if (programs === undefined || !budget.spend(stepsOf(value, MAX_WORD_LENGTH))) return undefined
    const words = value.length <= MAX_WORD_LENGTH && PLAIN_LINE.test(value) ? value.split(' ') : []
    return words.length > 0 && words.length <= max && budget.spend(words.length) ? words : undefined
  }
  if (!isIpldList(value) || value.length > max || !budget.spend(value.length)) return undefined
  const words = value.filter((word) => typeof word === 'string')
  if (words.length < value.length) return undefined
  return words.every((word) => budget.spend(stepsOf(word, MAX_WORD_LENGTH)) && isWord(word)) ? words : undefined
}

function isWord(word: string): boolean {
  return word.length <= MAX_WORD_LENGTH && !UNPRINTABLE.test(word)
}

function holds(words: Words, terms: Terms, context: RuleContext): boolean {
  const { programs, more, operands } = terms
  const line = { words, position: 0 }
  if (programs !== undefined && !(context.budget.spend(programs.length) && takeProgram(line, programs))) return false
  if (!takeOptions(line, terms, context)) return false
  const isEnded = terms.terminator && line.words[line.position] === TERMINATOR
  if (isEnded) line.position += 1
  const rest = words.slice(line.position)
  if (rest.length < operands.length) return false
  return rest.every((word, index) => {
    const condition = operands[index] ?? more
    return condition !== undefined && (isEnded || !word.startsWith('-')) && condition.judge(word, context)
  })
}

function takeProgram(line: Line, programs: readonly Words[]): boolean {
  const program = programs.find((candidate) => candidate.every((word, index) => word === line.words[index]))
  line.position = program?.length ?? 0
  return program !== undefined
}

/** Takes the options up to a terminator or the first operand; false where one is not allowed. */
function takeOptions(line: Line, { options }: Terms, context: RuleContext): boolean {
  for (;;) {
    const word = line.words[line.position]
    if (word === undefined || word === TERMINATOR || !word.startsWith('-')) return true
    line.position += 1
    const condition = options.get(word)
    if (condition === null) continue
    const value = condition === undefined ? joinedValue(word, options) : separateValue(line, condition)
    if (value === undefined || !value.condition.judge(value.text, context)) return false
  }
}

interface OptionValue {
  readonly condition: Condition
  readonly text: string
}

/** `--name=value`, for options that take one. */
function joinedValue(word: string, options: Terms['options']): OptionValue | undefined {
  const end = word.indexOf('=')
  const condition = word.startsWith('--') && end > 0 ? options.get(word.slice(0, end)) : undefined
  return condition === undefined || condition === null ? undefined : { condition, text: word.slice(end + 1) }
}

/** The word behind the option. One that looks like an option itself might be taken for one. */
function separateValue(line: Line, condition: Condition): OptionValue | undefined {
  const text = line.words[line.position]
  line.position += 1
  return text === undefined || text.startsWith('-') ? undefined : { condition, text }
}

const LISTED = 8

function requirementOf({ programs, options, operands, more, terminator, max }: Terms): string {
  const begins = programs?.slice(0, LISTED).map((words) => words.map(showText).join(', '))
  const others = programs === undefined ? 0 : programs.length - LISTED
  const kinds = [...options].map(([name, value]) => `${showText(name)}${value === null ? '' : ' with a value'}`)
  const values = [...options].flatMap(([name, value]) =>
    value === null || value.requirement === ANYTHING ? [] : [`${showText(name)} ${value.requirement}`],
  )
  const rules = operands.map(({ requirement }, index) => `operand ${index + 1} ${requirement}`)
  return [
    begins === undefined
      ? 'must be a list of words'
      : `must be a command line of plain words that begins with ${begins.join(' or ')}`,
    ...(others > 0 ? [`or one of ${others} others`] : []),
    kinds.length === 0 ? 'then no options' : `then no options but ${kinds.slice(0, LISTED).join(', ')}`,
    ...(kinds.length > LISTED ? [`and ${kinds.length - LISTED} others`] : []),
    ...values.slice(0, LISTED),
    ...(terminator ? ['then perhaps --'] : []),
    ...rules.slice(0, LISTED),
    more === undefined
      ? `then ${operands.length === 0 ? 'nothing' : 'nothing more'}`
      : `each further operand ${more.requirement}`,
    `${max} words at most`,
  ].join('; ')
}
