/**
 * A subject in a process of its own, which takes its turns when it is told to.
 *
 * Two subjects in one process would share its heap and its compiled code: one's garbage is collected in the other's turn, and
 * functions that both use are compiled for the types of both.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type Contestant, contestant, type Effort, type Subject, type Timing, type TurnInput } from './measure.ts'

const OPTION = '--worker'

/** Which subject a process is for. */
export interface WorkerPart {
  readonly scenario: string
  readonly subject: string
}

export interface Worker {
  readonly contestant: Contestant
  readonly stop: () => Promise<void>
}

type Request = { readonly kind: 'warm up'; readonly effort: Effort } | ({ readonly kind: 'turn' } & TurnInput)

/** What a worker says: whether it has the subject, then an answer to each request. */
type Answer = { readonly isReady: boolean } | { readonly batchSize: number } | Timing

/** The part that the words of a command line give, where they are a worker's. */
export function workerPart(words: readonly string[]): WorkerPart | undefined {
  const [option, scenario, subject] = words
  return option === OPTION && scenario !== undefined && subject !== undefined ? { scenario, subject } : undefined
}

/** Starts this same command for one subject; `undefined` where this machine does not have it. */
export async function startWorker({ scenario, subject }: WorkerPart): Promise<Worker | undefined> {
  const child = fork(process.argv[1] ?? '', [OPTION, scenario, subject], {
    // Stdout is for the report alone; what a peer says of itself goes to stderr.
    stdio: ['ignore', 2, 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  const answer = async (): Promise<Answer> => {
    const gone = exited.then(() => {
      throw new Error(`the process of ${subject} in ${scenario} ended`)
    })
    const [message] = await Promise.race([once(child, 'message'), gone])
    return message as Answer
  }
  const ask = async (request: Request): Promise<Answer> => {
    const answered = answer()
    child.send(request)
    return await answered
  }
  const stop = async (): Promise<void> => {
    if (child.connected) child.disconnect()
    await exited
  }
  const first = await answer()
  if (!('isReady' in first && first.isReady)) {
    await stop()
    return undefined
  }
  return {
    contestant: {
      name: subject,
      warmUp: async (effort) => ((await ask({ kind: 'warm up', effort })) as { batchSize: number }).batchSize,
      turn: async (input) => (await ask({ kind: 'turn', ...input })) as Timing,
    },
    stop,
  }
}

/** Takes turns until the command hangs up. */
export async function serve(subject: Subject | undefined, close: () => Promise<void>): Promise<void> {
  const hungUp = once(process, 'disconnect')
  if (subject !== undefined) {
    const own = contestant(subject)
    const answer = async (request: Request): Promise<Answer> =>
      request.kind === 'warm up' ? { batchSize: await own.warmUp(request.effort) } : await own.turn(request)
    process.on('message', (request: Request) => void answer(request).then((answered) => process.send?.(answered)))
  }
  process.send?.({ isReady: subject !== undefined })
  await hungUp
  await close()
}
