/** The page's script: reads the bundle that stands in the page, verifies it, shows what came of it. */
import { toHex } from '@talos/bytes'
import { nobleKernel } from '@talos/kernel'
import { verifyProofBundle } from '@talos/proof'
import { contentsOf } from './contents.ts'
import { type Level, view } from './view.ts'

const kernel = nobleKernel()
const text = bundleText()
/** As a browser writes texts: one that no file can hold is judged all the same. */
const bytes = new TextEncoder().encode(text)
const digest = toHex(kernel.sha256(bytes))

/** The exact text of the file; a page whose data cannot be read holds no bundle. */
function bundleText(): string {
  try {
    return String(JSON.parse(document.getElementById('bundle')?.textContent ?? ''))
  } catch {
    return ''
  }
}

const TITLES = { valid: 'valid', invalid: 'NOT VALID', incomplete: 'incomplete' } as const

let shown: HTMLElement | undefined

function show(level: Level): void {
  const checkedAt = new Date()
  const begun = performance.now()
  const nowS = Math.floor(checkedAt.getTime() / 1000)
  const report = verifyProofBundle(text, { kernel, level, nowS, stopwatch: () => performance.now() })
  const durationMs = performance.now() - begun
  const contents = report.facts === undefined ? undefined : contentsOf(text, kernel)
  const next = view({
    text,
    sizeBytes: bytes.length,
    report,
    contents,
    level,
    digest,
    checkedAt,
    durationMs,
    onLevel,
    onSave,
  })
  document.body.classList.add('ready')
  document.title = `Talos proof: ${TITLES[report.verdict]}`
  if (shown === undefined) document.body.append(next)
  else shown.replaceWith(next)
  shown = next
}

function onLevel(level: Level): void {
  show(level)
  // What was changed keeps the focus, so that arrow keys go on.
  document.querySelector<HTMLInputElement>('input[name="level"]:checked')?.focus()
}

/** The file as it was, byte for byte. */
function onSave(): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${digest.slice(0, 16)}.talosproof`
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** On paper nothing can be unfolded. */
window.addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll<HTMLDetailsElement>('.steps details')) details.open = true
})

show('standard')
