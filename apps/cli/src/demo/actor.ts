/** The demo's hold on one agent process: asks, waits, ends it by its own process id. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { TalosError } from '@talos/errors'
import type { DemoReply, DemoSteps } from './protocol.ts'

/** Longer than any step takes on a slow machine; a step that takes more has failed. */
const STEP_TIMEOUT_MS = 60_000
const EXIT_TIMEOUT_MS = 5_000

export class Actor implements AsyncDisposable {
  readonly name: string
  readonly #process: ChildProcess
  readonly #pending = new Map<number, (reply: DemoReply) => void>()
  #nextId = 1

  constructor(name: string) {
    this.name = name
    const script = fileURLToPath(new URL('./worker.js', import.meta.url))
    this.#process = fork(script, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#process.on('message', (reply: DemoReply) => this.#pending.get(reply.id)?.(reply))
    this.#process.on('exit', () => this.#failAll())
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** @throws TalosError `DEMO_STEP_FAILED` */
  async do<M extends keyof DemoSteps>(method: M, input: DemoSteps[M]['input']): Promise<DemoSteps[M]['output']> {
    const id = this.#nextId++
    const answered = Promise.withResolvers<DemoReply>()
    this.#pending.set(id, answered.resolve)
    const late = () => answered.resolve({ id, failure: { code: 'REQUEST_TIMEOUT', message: 'it took too long' } })
    const timer = setTimeout(late, STEP_TIMEOUT_MS)
    try {
      this.#process.send({ id, method, input })
      const { output, failure } = await answered.promise
      if (failure !== undefined) {
        throw new TalosError('DEMO_STEP_FAILED', {
          agent: this.name,
          step: method,
          code: failure.code,
          why: failure.message,
        })
      }
      return output as DemoSteps[M]['output']
    } finally {
      clearTimeout(timer)
      this.#pending.delete(id)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), EXIT_TIMEOUT_MS)
    await this.do('close', {}).catch(() => this.#process.kill('SIGKILL'))
    await exited
    clearTimeout(timer)
  }

  #failAll(): void {
    for (const [id, settle] of this.#pending) {
      settle({ id, failure: { code: 'CLI_UNEXPECTED', message: 'its process ended' } })
    }
  }
}
