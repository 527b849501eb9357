/** What an agent that may be killed at any moment writes down before each step, and what of that must hold in the end. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/**
 * `start`: a process begins. `left C H`: bytes with key commitment C and hash H are about to leave. `kept ID`: a message
 * is durable at its sender. `acked ID`: its sender was told that the peer has it. `got ID`: the application has it.
 */
export type Word = 'start' | 'left' | 'kept' | 'acked' | 'got'

export class Journal {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** One call of the system per line: a process that is killed leaves whole lines. */
  note(word: Word, ...details: readonly string[]): void {
    appendFileSync(this.#path, `${[word, ...details].join(' ')}\n`)
  }

  lines(): string[] {
    return existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n').slice(0, -1) : []
  }

  /** The details of all lines that begin with a word. */
  all(word: Word): string[] {
    return this.lines().flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
  }

  /** Ids of what the application got, one list per life of the process. */
  lives(): string[][] {
    const lives: string[][] = []
    for (const line of this.lines()) {
      if (line === 'start') lives.push([])
      if (line.startsWith('got ')) lives.at(-1)?.push(line.slice(4))
    }
    return lives
  }
}

/** Key commitments that were seen with two different messages. */
export function keysUsedTwice(left: readonly string[]): string[] {
  const seen = new Map<string, string>()
  return left.flatMap((line) => {
    const [commitment = '', hash = ''] = line.split(' ')
    const before = seen.get(commitment) ?? hash
    seen.set(commitment, before)
    return before === hash ? [] : [commitment]
  })
}

/**
 * Messages that came twice. The last one of a life may come again as the first of the next: its handler may have run
 * without the agent having noted so.
 */
export function comeTwice(lives: readonly (readonly string[])[]): string[] {
  const before = new Set<string>()
  const twice: string[] = []
  let last: string | undefined
  for (const life of lives) {
    const fresh = life[0] !== undefined && life[0] === last ? life.slice(1) : life
    for (const id of fresh) {
      if (before.has(id)) twice.push(id)
      before.add(id)
    }
    last = life.at(-1) ?? last
  }
  return twice
}
