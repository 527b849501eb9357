/** The script of the proof page, as the build makes it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bundleProofPage } from '../src/build-proof-page.ts'

const BUILT = join(import.meta.dirname, '../../packages/adapters/proof-page/dist/page.js')

it('is the same whenever it is built of the same sources, and what the build has written', async () => {
  const script = await bundleProofPage()
  expect(await bundleProofPage()).toBe(script)
  expect(readFileSync(BUILT, 'utf8')).toBe(script)
})

it('has nothing of Node in it, and nothing that a reader of HTML changes', async () => {
  const script = await bundleProofPage()
  expect(script).not.toMatch(/node:|require\(|import\(|import\.meta/)
  expect(script).not.toMatch(/<\/script|<script|<!--|\0|\r/i)
})

it('reaches for no network and makes no code of text', async () => {
  const script = await bundleProofPage()
  expect(script).not.toMatch(
    /\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|innerHTML|outerHTML|document\.write|\beval\(|new Function/,
  )
})
