/** What every system of tokens is measured with: chains of one and of three links, minted, and verified cold with a call. */
import type { Scenario } from '../harness/command.ts'
import type { Subject } from '../harness/measure.ts'

/** Links of a chain that is measured. */
export type Links = 1 | 3

type Operation = () => unknown

/** A system of tokens, as the benchmark uses it. */
export interface TokenSystem {
  readonly name: string
  /** Makes its keys. */
  readonly open: () => Promise<OpenSystem>
}

interface OpenSystem {
  /** Signs all links of a new chain. */
  readonly mint: (links: Links) => Operation
  /** Takes the bytes of a chain and of a call, both made beforehand, and decides on the call, remembering nothing. */
  readonly verify: (links: Links) => Promise<Operation>
}

/** The folder below which a path must lie, the path of the call, and the command: the same for everybody. */
export const FOLDER = '/srv/docs'
export const PATH = '/srv/docs/readme.md'
export const COMMAND = '/mcp/files/tool/read_text_file'
export const LIFETIME_S = 3_600

export function tokenScenarios(systems: readonly TokenSystem[]): readonly Scenario[] {
  return ([1, 3] as const).flatMap((links) => [
    scenario(systems, {
      id: `mint-${links}`,
      title: `Mint ${linksText(links)}`,
      operation: async (system) => system.mint(links),
    }),
    scenario(systems, {
      id: `verify-${links}`,
      title: `Verify ${linksText(links)} and the call, cold`,
      operation: async (system) => await system.verify(links),
    }),
  ])
}

function linksText(links: Links): string {
  return links === 1 ? 'one link' : `${links} links`
}

function scenario(
  systems: readonly TokenSystem[],
  { id, title, operation }: Pick<Scenario, 'id' | 'title'> & { operation: (system: OpenSystem) => Promise<Operation> },
): Scenario {
  return {
    id,
    title,
    subjectNames: systems.map(({ name }) => name),
    open: async (names) => {
      const subjects: Subject[] = []
      for (const { name, open } of systems) {
        if (names.has(name)) subjects.push(awaited(name, await operation(await open())))
      }
      return { subjects }
    },
  }
}

/** Waits only for what is a promise: a synchronous verifier does not pay for others' habits. */
function awaited(name: string, operation: Operation): Subject {
  return {
    name,
    run: async (count) => {
      for (let index = 0; index < count; index++) {
        const result = operation()
        if (result instanceof Promise) await result
      }
    },
  }
}
