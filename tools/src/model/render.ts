/**
 * Renders a model of `conformance/model`: one template, and the flags of a variant, give the text that Verifpal reads.
 *
 * A directive is a line of its own. `//#if a b` keeps the lines after it when the variant sets `a` or `b`, `//#if !a` when
 * it does not set `a`; `//#else` and `//#end` close it. Directives nest. Everything else is copied.
 */

/** The directives of a template do not fit together, or a flag is used that no directive asks for. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

export interface Template {
  readonly text: string
  /** Every flag that a directive names, in order of appearance. */
  readonly flags: readonly string[]
}

const DIRECTIVE = /^\s*\/\/#(?<verb>\S+)(?<rest>.*)$/

/** Reads the flags that a template knows. */
export function parseTemplate(text: string): Template {
  const flags = new Set<string>()
  for (const line of text.split('\n')) {
    const groups = DIRECTIVE.exec(line)?.groups
    if (groups?.['verb'] !== 'if') continue
    for (const word of words(groups['rest'] ?? '')) flags.add(word.replace(/^!/, ''))
  }
  return { text, flags: [...flags] }
}

/**
 * The text of one variant: the template without its directives and what they leave out, then the queries.
 *
 * @throws {TemplateError} for a flag that the template does not know, an unknown directive, or one without its counterpart
 */
export function renderModel(
  template: Template,
  input: { flags: readonly string[]; queries: readonly string[] },
): string {
  const unknown = input.flags.filter((flag) => !template.flags.includes(flag))
  if (unknown.length > 0) throw new TemplateError(`no directive names the flag ${unknown.join(', ')}`)
  const kept = keptLines(template.text, new Set(input.flags))
  const queries = input.queries.map((query) => `\t${query}`)
  return `${[...kept, 'queries[', ...queries, ']'].join('\n').replace(/\n{3,}/g, '\n\n')}\n`
}

function keptLines(text: string, flags: ReadonlySet<string>): string[] {
  const open: boolean[] = []
  const kept: string[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const groups = DIRECTIVE.exec(line)?.groups
    if (groups === undefined) {
      if (open.every((holds) => holds)) kept.push(line)
      continue
    }
    const verb = groups['verb'] ?? ''
    if (verb === 'if') {
      open.push(words(groups['rest'] ?? '').some((word) => holds(word, flags)))
      continue
    }
    const last = open.pop()
    if (last === undefined) throw new TemplateError(`line ${index + 1}: ${verb} without if`)
    if (verb === 'else') open.push(!last)
    else if (verb !== 'end') throw new TemplateError(`line ${index + 1}: unknown directive ${verb}`)
  }
  if (open.length > 0) throw new TemplateError('an if without end')
  return kept
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}

function holds(word: string, flags: ReadonlySet<string>): boolean {
  return word.startsWith('!') ? !flags.has(word.slice(1)) : flags.has(word)
}
