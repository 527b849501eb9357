/** The third process of the demo: `talos proof verify`, with a home that holds nobody's keys. */
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type JsonValue, parseJson } from '@talos/bytes'

export interface ThirdPartyVerdict {
  readonly exitCode: number
  /** What `proof verify --json` printed. */
  readonly report: JsonValue
}

/** Verifies a bundle in a process of its own. */
export async function verifyElsewhere(file: string, emptyHome: string): Promise<ThirdPartyVerdict> {
  mkdirSync(emptyHome, { recursive: true })
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const { PATH = '' } = process.env
  const options = { env: { PATH, HOME: emptyHome, TALOS_HOME: emptyHome }, timeout: 60_000, maxBuffer: 4 * 1_048_576 }
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, 'proof', 'verify', file, '--json'], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ exitCode, report: read(stdout) ?? read(stderr) ?? null })
    })
  })
}

function read(text: string): JsonValue | undefined {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
