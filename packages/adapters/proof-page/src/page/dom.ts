/** Elements from data. Words become text nodes and attributes are ours alone, so nothing in a bundle can become markup. */

/** What an element holds: words, elements, or nothing. */
export type Content = string | Node | false | undefined

export interface Attributes {
  readonly class?: string
  readonly id?: string
  readonly title?: string
  readonly type?: string
  readonly name?: string
  readonly value?: string
  readonly for?: string
  readonly role?: string
  readonly open?: boolean
  readonly checked?: boolean
  readonly 'aria-label'?: string
  readonly 'aria-hidden'?: 'true'
  readonly 'aria-labelledby'?: string
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) element.setAttribute(name, value === true ? '' : String(value))
  }
  for (const item of content) if (item !== false && item !== undefined) element.append(item)
  return element
}

/** A button; keyboards and readers of screens know what to do with it. */
export function button(label: string, onClick: () => void): HTMLButtonElement {
  const element = el('button', { type: 'button' }, label)
  element.addEventListener('click', onClick)
  return element
}

/** A titled part of the page. */
export function section(id: string, title: string, ...content: readonly Content[]): HTMLElement {
  const heading = el('h2', { id: `${id}-title` }, title)
  return el('section', { id, 'aria-labelledby': `${id}-title` }, heading, ...content)
}

/** Names and values, one under the other on narrow screens. */
export function facts(...rows: readonly (readonly [name: string, value: Content] | undefined)[]): HTMLDListElement {
  const list = el('dl', { class: 'facts' })
  for (const row of rows) {
    if (row === undefined) continue
    const [name, value] = row
    list.append(el('div', {}, el('dt', {}, name), el('dd', {}, value)))
  }
  return list
}

/** Something to be compared letter by letter. */
export function code(text: string): HTMLElement {
  return el('code', {}, text)
}
