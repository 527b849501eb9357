/** What one check of `talos doctor` found. */
import { reportOf } from '../output.ts'

export interface Finding {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do; absent where all is well. */
  readonly remedy?: string
  /** What `detail` says in words, for programs: printed with --json alone. */
  readonly facts?: Readonly<Record<string, string | number>>
}

/** Runs one check; whatever it throws is its finding. */
export async function finding(
  name: string,
  check: () => string | Finding | Promise<string | Finding>,
): Promise<Finding> {
  try {
    const found = await check()
    return typeof found === 'string' ? { name, status: 'ok', detail: found } : found
  } catch (error) {
    const { code, message, remedy } = reportOf(error)
    return { name, status: 'fail', detail: `${message} [${code}]`, remedy }
  }
}
