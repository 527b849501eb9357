/** A queue whose ends both cost constant time; an array's `shift` moves all that follows. */
const COMPACT_AFTER = 1_024

export class Fifo<T> {
  #items: (T | undefined)[] = []
  #start = 0

  get size(): number {
    return this.#items.length - this.#start
  }

  push(item: T): void {
    this.#items.push(item)
  }

  peek(): T | undefined {
    return this.#items[this.#start]
  }

  shift(): T | undefined {
    const item = this.#items[this.#start]
    if (this.size === 0) return undefined
    this.#items[this.#start] = undefined
    this.#start += 1
    if (this.#start === this.#items.length) this.clear()
    else if (this.#start >= COMPACT_AFTER && this.#start * 2 >= this.#items.length) this.#compact()
    return item
  }

  clear(): void {
    this.#items = []
    this.#start = 0
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#start)
    this.#start = 0
  }
}
