/** The proof page in real Chromium (spec 12-proof-bundle, clause 12.16). */
import { readFileSync } from 'node:fs'
import { nobleKernel } from '@talos/kernel'
import { type ProofReport, verifyProofBundle } from '@talos/proof'
import { proofPage } from '@talos/proof-page'
import { repoVectors } from '@talos/testkit'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonical, commitBytes, SALT, scene } from '../../../../tools/src/vectors/proof-scene.ts'
import { CHROMIUM, PageReader } from './browser.ts'

const kernel = nobleKernel()
const FILES = ['valid', 'history', 'form', 'layers', 'history-refused', 'hidden']
const CASES = FILES.flatMap((file) => repoVectors(`proof/${file}.json`).cases)

function bundleOf(description: string): string {
  const found = CASES.find((vector) => vector.description === description)
  return String(found?.input['bundle'])
}

const ORDINARY = bundleOf('a call and its result')
const HOSTILE = '</script></title><img src=x onerror="document.title=1,alert(1)"><svg onload=alert(2)>\u2028<!--'

/** What the page says, as a reader sees it. */
const SHOWN = `({
  verdict: document.querySelector('#verdict h1').innerText,
  code: document.querySelector('.fault code')?.innerText ?? null,
  steps: [...document.querySelectorAll('.steps .count')].map(({ innerText }) => innerText.replace(/ in [0-9.]+ ms$/, '')),
})`

const TITLES = { valid: 'Valid', invalid: 'NOT VALID', incomplete: 'Incomplete' }

function expectedOf({ verdict, code, validation }: ProofReport) {
  const steps = validation.layers.map(({ verdict: kind, checks }) => {
    // An answer no without a code is what a refusal that holds says.
    const good = checks.filter(({ ok, code: failure }) => ok || (kind !== 'invalid' && failure === undefined))
    return checks.length === 0 ? 'not checked' : `${good.length} of ${checks.length}`
  })
  return { verdict: TITLES[verdict], code: code ?? null, steps }
}

function judge(bundle: string): ProofReport {
  return verifyProofBundle(bundle, { kernel, nowS: Math.floor(Date.now() / 1000) })
}

describe.skipIf(CHROMIUM === undefined)(
  `the proof page in Chromium${CHROMIUM === undefined ? ' (not installed)' : ''}`,
  () => {
    let reader: PageReader

    beforeAll(async () => {
      reader = await PageReader.launch()
    })

    afterAll(async () => {
      await reader[Symbol.asyncDispose]()
    })

    it('verifies itself without a network, and asks for nothing', async () => {
      const { page, requests, complaints } = await reader.open(proofPage(ORDINARY))
      expect(await page.locator('#verdict').getAttribute('class')).toBe('verdict valid')
      expect(await page.title()).toBe('Talos proof: valid')
      const { facts } = judge(ORDINARY)
      const text = await page.locator('#proves').textContent()
      for (const fact of [facts?.agent, facts?.executor, facts?.invocation, facts?.receipt])
        expect(text).toContain(fact)
      for (const title of [
        'By whose leave',
        'Where it is written down',
        'Who else saw the logs',
        'What it does not say',
      ]) {
        expect(await page.getByRole('heading', { name: title }).count()).toBe(1)
      }
      expect({ requests, complaints }).toEqual({ requests: new Set(), complaints: [] })
    })

    it('shows a call whose arguments no JSON has', async () => {
      const bundle = canonical(scene({ invocation: { args: { path: Buffer.from('/srv/a.txt') } } }).bundle)
      const { page, complaints } = await reader.open(proofPage(bundle))
      expect(await page.locator('#verdict').getAttribute('class')).toBe('verdict valid')
      expect(await page.locator('#proves').textContent()).toContain('no JSON has')
      expect(complaints).toEqual([])
    })

    it('says of every bundle of the vectors what Node says', async () => {
      const html = proofPage(ORDINARY)
      const script = html.slice(html.lastIndexOf('<script>') + '<script>'.length, html.lastIndexOf('</script>'))
      const { page, complaints } = await reader.open(html)
      const differing: unknown[] = []
      for (const { id, input } of CASES) {
        // The page's very script again, over other data: opening as many pages takes minutes.
        const data = JSON.stringify(JSON.stringify(String(input['bundle'])))
        await page.evaluate(
          `document.querySelector('main').remove(); document.getElementById('bundle').textContent = ${data}`,
        )
        await page.evaluate(script)
        const seen = await page.evaluate(SHOWN)
        const expected = expectedOf(judge(String(input['bundle'])))
        if (JSON.stringify(seen) !== JSON.stringify(expected)) differing.push({ id, seen, expected })
      }
      expect({ differing, complaints }).toEqual({ differing: [], complaints: [] })
    }, 120_000)

    it('shows NOT VALID in red, with the code and without a claim, when one character of it was changed', async () => {
      const html = proofPage(ORDINARY)
      const at = html.indexOf('\\"receipt\\":\\"') + 200
      const flipped = `${html.slice(0, at)}${html[at] === 'A' ? 'B' : 'A'}${html.slice(at + 1)}`
      const { page } = await reader.open(flipped)
      expect(await page.locator('#verdict').getAttribute('class')).toBe('verdict invalid')
      expect(await page.locator('#verdict h1').textContent()).toBe('NOT VALID')
      expect(await page.locator('.fault code').textContent()).toMatch(/^PROOF_EXECUTION_/)
      const cards = (await page.locator('.card').allTextContents()).join('\n')
      expect(cards).toMatch(/Authoritynot all asked.*; the others were not asked, as another part fails\./)
      expect(cards).not.toContain('not there')
      const [red = 0, green = 0, blue = 0] = await colorOf(page, '#verdict h1', 'color')
      expect(red).toBeGreaterThan(2 * Math.max(green, blue))
      for (const id of ['#proves', '#leave', '#logs', '#shown']) expect(await page.locator(id).count()).toBe(0)
    })

    it('says of a refusal that the call was not allowed, and of nothing in it that it fails', async () => {
      const refusal = CASES.find(({ description }) => description === 'a capability for another tool')
      const { page } = await reader.open(proofPage(String(refusal?.input['bundle'])))
      expect(await page.locator('#verdict').getAttribute('class')).toBe('verdict valid')
      const cards = (await page.locator('.card').allTextContents()).join('\n')
      expect(cards).toMatch(/Authority✓ did not allow it.*which is what the refusal says/)
      expect(await page.locator('main').textContent()).not.toMatch(/✕|fails/)
      expect(await page.locator('.checks li.absent').textContent()).toContain('authority.allowed')
    })

    it('says that a page whose data was cut is not valid', async () => {
      const html = proofPage(ORDINARY)
      const { page } = await reader.open(html.replace(/(id="bundle">")[^<]{100}/, '$1'))
      expect(await page.locator('#verdict h1').textContent()).toBe('NOT VALID')
    })

    it('says that contents are hidden, what that leaves open, and on whose word it rests', async () => {
      const whole = await reader.open(proofPage(bundleOf('a call without conditions on its arguments')))
      expect(await whole.page.locator('#verdict').getAttribute('class')).toBe('verdict valid')
      expect(await whole.page.locator('#verdict .says').textContent()).toContain(
        'is hidden, but for what is shown below',
      )
      expect(await whole.page.locator('#proves').textContent()).toMatch(/Arguments and result\s*hidden/)
      expect(await whole.page.locator('#proves').textContent()).toContain('is said by its log alone')
      expect(await whole.page.locator('.unjudged').count()).toBe(0)
      const { page, requests, complaints } = await reader.open(
        proofPage(bundleOf('two links, of whose conditions one is hidden')),
      )
      expect(await page.locator('#verdict').getAttribute('class')).toBe('verdict incomplete')
      expect(await page.locator('.fault code').first().textContent()).toBe('PROOF_ARGUMENTS_HIDDEN')
      const leave = await page.locator('#leave').textContent()
      expect(leave).toContain('Not judged here, since the arguments that they ask about are hidden.')
      expect(leave).toMatch(/Delegation 2\s*pol\[0\]\s*asks about line/)
      expect(await page.locator('#shown').textContent()).toContain('/srv/a.txt')
      expect(await page.locator('#shown').textContent()).toContain('is not in this file')
      expect({ requests, complaints }).toEqual({ requests: new Set(), complaints: [] })
    })

    it('lets nothing of a bundle become markup: not what is shown of a valid one', async () => {
      const bytes = Buffer.from(HOSTILE)
      const disclosures = [
        { layer: 'intent', path: 'params', salt: SALT.toString('base64url'), bytes: bytes.toString('base64url') },
      ]
      const { bundle } = scene({
        invocation: { args: { path: HOSTILE, [HOSTILE]: HOSTILE } },
        intentEntry: { commit: { params: commitBytes('params', bytes).toString('hex') } },
        disclosures,
      })
      const { page, requests, complaints } = await reader.open(proofPage(canonical(bundle)))
      expect(await page.locator('#verdict h1').textContent()).toBe('Valid')
      expect(await page.locator('#shown').textContent()).toContain('onerror=')
      expect(await page.locator('#proves').textContent()).toContain('<svg onload=alert(2)>')
      await expectInert(page)
      expect({ requests, complaints }).toEqual({ requests: new Set(), complaints: [] })
    })

    it('lets nothing of a bundle become markup: every text of it replaced by an attack', async () => {
      const leaves = pathsOf(JSON.parse(ORDINARY))
      expect(leaves.length).toBeGreaterThan(20)
      const bundles = [HOSTILE, ...leaves.map((leaf) => canonical(replaced(JSON.parse(ORDINARY), [leaf])))]
      for (const bundle of [...bundles, canonical(replaced(JSON.parse(ORDINARY), leaves))]) {
        const { page, requests, complaints } = await reader.open(proofPage(bundle))
        expect(await page.locator('#verdict h1').textContent()).toBe('NOT VALID')
        await expectInert(page)
        expect({ requests, complaints }).toEqual({ requests: new Set(), complaints: [] })
        await page.context().close()
      }
    }, 120_000)

    it('runs no script but its own, and loads nothing, even where something were to get in', async () => {
      const { page, requests } = await reader.open(proofPage(ORDINARY))
      const reached = await page.evaluate(`(async () => {
      const script = document.createElement('script')
      script.textContent = 'globalThis.reached = true'
      document.body.append(script)
      const image = document.createElement('img')
      image.src = 'https://example.test/x.png'
      document.body.append(image)
      const fetched = await fetch('https://example.test/').then(() => true, () => false)
      return { script: globalThis.reached === true, fetched, loaded: image.naturalWidth > 0 }
    })()`)
      expect(reached).toEqual({ script: false, fetched: false, loaded: false })
      expect(requests).toEqual(new Set())
    })

    it('gives the file back byte for byte', async () => {
      const { page } = await reader.open(proofPage(ORDINARY))
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save bundle' }).click(),
      ])
      expect(download.suggestedFilename()).toMatch(/^[0-9a-f]{16}\.talosproof$/)
      expect(readFileSync(await download.path(), 'utf8')).toBe(ORDINARY)
    })

    it('asks more at another level, by keyboard alone', async () => {
      const { page } = await reader.open(proofPage(ORDINARY))
      await page.locator('input[value=standard]').focus()
      await page.keyboard.press('ArrowRight')
      await page.waitForSelector('.verdict.incomplete')
      expect(await page.locator('input[value=strict]').isChecked()).toBe(true)
      expect(await page.locator('.fault').textContent()).toContain('PROOF_')
      await page.keyboard.press('ArrowLeft')
      await page.waitForSelector('.verdict.valid')
      await page.locator('.steps summary').first().focus()
      await page.keyboard.press('Enter')
      expect(await page.locator('.steps details').first().getAttribute('open')).not.toBeNull()
    })

    it.each(['light', 'dark'] as const)('can be read on a phone, in %s', async (colorScheme) => {
      const { page } = await reader.open(proofPage(ORDINARY), { colorScheme, viewport: { width: 360, height: 740 } })
      expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true)
      for (const place of [
        '#verdict h1',
        '.says',
        '.top span',
        '.badge',
        '.facts dt',
        '.facts dd',
        '.note',
        '.what',
        '.levels label',
        'button',
      ]) {
        expect([place, await contrastOf(page, place)]).toEqual([
          place,
          expect.toSatisfy((ratio: number) => ratio >= 4.5),
        ])
      }
    })
  },
)

async function expectInert(page: Page): Promise<void> {
  expect(await page.locator('img, svg, iframe, object, embed, link, a[href]').count()).toBe(0)
  expect(await page.locator('script').count()).toBe(2)
  expect(await page.title()).toMatch(/^Talos proof/)
}

async function colorOf(page: Page, place: string, property: string): Promise<readonly number[]> {
  return numbersIn(await page.evaluate(`getComputedStyle(document.querySelector('${place}')).${property}`))
}

function numbersIn(text: unknown): readonly number[] {
  return [...String(text).matchAll(/[0-9.]+/g)].map(Number)
}

/** WCAG 2.2's contrast between a text and the nearest background behind it. */
async function contrastOf(page: Page, place: string): Promise<number> {
  const color = await colorOf(page, place, 'color')
  const behind = await page.evaluate(`(() => {
    for (let one = document.querySelector('${place}'); one !== null; one = one.parentElement) {
      const { backgroundColor } = getComputedStyle(one)
      if (!/^rgba\\(.*, 0\\)$/.test(backgroundColor)) return backgroundColor
    }
    return 'rgb(255, 255, 255)'
  })()`)
  const [one, other] = [luminance(color), luminance(numbersIn(behind))]
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
}

function luminance(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

type Path = readonly (string | number)[]

/** Where a value has texts. */
function pathsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === 'string') return [path]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    pathsOf(member, [...path, Array.isArray(value) ? Number(name) : name]),
  )
}

function replaced(value: unknown, paths: readonly Path[], path: Path = []): unknown {
  if (paths.some((one) => one.join('\n') === path.join('\n'))) return HOSTILE
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item, index) => replaced(item, paths, [...path, index]))
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, replaced(member, paths, [...path, name])]),
  )
}
