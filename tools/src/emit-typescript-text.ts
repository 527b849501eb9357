/** Pieces of TypeScript text that the emitters share. */

export function quote(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

export function literal(value: string | number | boolean | null): string {
  if (typeof value === 'string') return quote(value)
  if (typeof value !== 'number') return String(value)
  if (value === Number.MAX_SAFE_INTEGER) return 'Number.MAX_SAFE_INTEGER'
  if (value === -Number.MAX_SAFE_INTEGER) return 'Number.MIN_SAFE_INTEGER'
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, '_')
}

/** A member's name as a key of an object literal or an interface. */
export function key(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? name : quote(name)
}

/** A documentation comment: one paragraph per given text, wrapped at 116 columns. */
export function docComment(paragraphs: readonly (string | undefined)[]): string {
  const words = paragraphs
    .filter((paragraph) => paragraph !== undefined)
    .map((paragraph) => paragraph.replaceAll('*/', '* /'))
  const lines = words.flatMap((paragraph) => wrap(paragraph, 116))
  if (lines.length === 0) return ''
  return lines.length === 1 ? `/** ${lines[0]} */` : ['/**', ...lines.map((line) => ` * ${line}`), ' */'].join('\n')
}

function wrap(paragraph: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of paragraph.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].filter((text) => text !== '')
}
