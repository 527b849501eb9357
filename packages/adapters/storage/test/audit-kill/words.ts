/** The words of a long run's command: whole numbers, `--json` and `--help`. */
import { parseArgs } from 'node:util'

const USAGE_CODE = 2

/** @param options.defaults each option's number where it is not given; at least 1 */
export function readWords<Name extends string>(options: {
  readonly usage: string
  readonly defaults: Readonly<Record<Name, number>>
}): Readonly<Record<Name, number>> & { readonly json: boolean } {
  const { usage, defaults } = options
  const names = Object.keys(defaults) as Name[]
  try {
    const { values } = parseArgs({
      options: {
        ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
    if (values.help === true) {
      console.log(usage)
      process.exit(0)
    }
    const given: Readonly<Record<string, unknown>> = values
    const numbers = names.map((name): [Name, number] => [name, numberOf(name, given[name] ?? defaults[name])])
    return { ...(Object.fromEntries(numbers) as Record<Name, number>), json: values.json === true }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exit(USAGE_CODE)
  }
}

function numberOf(name: string, value: unknown): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name} takes a whole number from 1`)
  return number
}
