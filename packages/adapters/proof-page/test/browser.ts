/** Chromium, where this machine has it: the page is looked at where people look at it. */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type TempFolder, tempFolder } from '@talos/testkit'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export const CHROMIUM = CANDIDATES.find((path) => existsSync(path))

const ARGUMENTS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Chromium's sandbox does not start for root, as whom CI runs; what is opened here is our own. */
const AS_ROOT = process.getuid?.() === 0 ? ['--no-sandbox'] : []

/** A page that was opened, and what it asked the world for. */
export interface Opened {
  readonly page: Page
  /** URLs that were asked for, the page itself and what its policy stopped left out. */
  readonly requests: ReadonlySet<string>
  /** What the page said on the console, and errors that nobody caught. */
  readonly complaints: readonly string[]
}

export class PageReader implements AsyncDisposable {
  readonly #folder: TempFolder = tempFolder()
  readonly #browser: Browser
  #count = 0

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static async launch(): Promise<PageReader> {
    if (CHROMIUM === undefined) throw new Error('there is no Chromium')
    return new PageReader(await chromium.launch({ executablePath: CHROMIUM, args: [...ARGUMENTS, ...AS_ROOT] }))
  }

  /** Opens a page without a network, and waits until it has said what it is. */
  async open(html: string, options: BrowserContextOptions = {}): Promise<Opened> {
    const context = await this.#browser.newContext({ offline: true, acceptDownloads: true, ...options })
    const page = await context.newPage()
    const requests = new Set<string>()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    const url = this.#write(html)
    context.on('request', (request) => {
      if (request.url() !== url) requests.add(request.url())
    })
    context.on('requestfailed', (request) => {
      if (request.failure()?.errorText === 'csp') requests.delete(request.url())
    })
    await page.goto(url)
    await page.waitForSelector('#verdict')
    return { page, requests, complaints }
  }

  #write(html: string): string {
    this.#count += 1
    const path = join(this.#folder.path, `${this.#count}.html`)
    writeFileSync(path, html)
    return pathToFileURL(path).href
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close()
    this.#folder[Symbol.dispose]()
  }
}
