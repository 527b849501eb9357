/**
 * One HTML file that holds a proof bundle and verifies it in its reader's browser: no network, nothing from elsewhere
 * (contracts/spec/12-proof-bundle.md, clause 12.16).
 *
 * The bundle is data: it stands in the page as a JSON string in which no character can begin markup, and its words become
 * text nodes. The page's policy lets nothing run but the one script, by its hash, and nothing load at all.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { TalosError } from '@talos/errors'

/**
 * The page of one bundle.
 *
 * @param bundleText the exact text of a `.talosproof` file; it need not be valid: the page says what it is
 * @throws TalosError `PROOF_PAGE_UNBUILT` where the page's script was not built
 */
export function proofPage(bundleText: string): string {
  const { script, style } = assets()
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="color-scheme" content="light dark">',
    '<title>Talos proof</title>',
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<noscript><p class="noscript">This page verifies a proof in your browser and needs JavaScript for that. Without it, save the bundle and run <code>talos proof verify</code>.</p></noscript>',
    `<script type="application/json" id="bundle">${inertJson(bundleText)}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

interface Assets {
  readonly script: string
  readonly style: string
}

let known: Assets | undefined

function assets(): Assets {
  known ??= { script: asset('page.js'), style: asset('page.css') }
  return known
}

/** The build puts both beside the compiled package, also for who runs from the sources. */
function asset(name: string): string {
  try {
    return readFileSync(new URL(`../dist/${name}`, import.meta.url), 'utf8').trim()
  } catch (cause) {
    throw new TalosError('PROOF_PAGE_UNBUILT', { name }, { cause })
  }
}

/** How a policy names what may run: CSP level 3, section 2.3.1. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** A JSON string that holds nothing with which a reader of HTML could begin or end anything. */
function inertJson(text: string): string {
  return JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
