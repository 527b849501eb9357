/** Properties of the typed rules: each judged against another implementation, or a slower one that is plainly right. */
import { BlockList } from 'node:net'
import { domainToASCII, domainToUnicode } from 'node:url'
import type { IpldValue } from '@talos/bytes'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInNetwork, isPublic, parseAddress, parseIpv6, parseNetwork } from '../src/conditions/address.ts'
import { Budget } from '../src/conditions/budget.ts'
import { refusals, talosConditions } from '../src/conditions/conditions.ts'
import { compareDecimals, parseDecimal } from '../src/conditions/decimal.ts'
import { judgeUrl } from '../src/conditions/url-form.ts'

const SEED = 42

function judges(kind: string, operands: readonly IpldValue[], value: IpldValue): boolean {
  const conditions = talosConditions([], [[kind, '.v', ...operands]])
  return refusals(conditions, { v: value }, { budget: new Budget(), resolvePath: undefined }).length === 0
}

describe('decimals', () => {
  const decimals = fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.integer({ min: 0, max: 14 }), fc.nat({ max: 3 }))
    .map(([negative, digits, places, zeros]) => {
      const padded = String(digits).padStart(places + 1, '0')
      const whole = padded.slice(0, padded.length - places)
      const fraction = padded.slice(padded.length - places) + (places > 0 ? '0'.repeat(zeros) : '')
      return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
    })
    .filter((text) => /^-?(?:0|[1-9])/.test(text) && !/^-?0[0-9]/.test(text))
  /** The number, scaled to 40 places. */
  const scaled = (text: string): bigint => {
    const [whole = '', fraction = ''] = text.replace('-', '').split('.')
    const magnitude = BigInt(whole + fraction.padEnd(40, '0'))
    return text.startsWith('-') ? -magnitude : magnitude
  }

  test('compare as scaled integers do', () => {
    let equal = 0
    fc.assert(
      fc.property(decimals, decimals, fc.boolean(), (left, other, same) => {
        const right = same ? (left.includes('.') ? `${left}0` : `${left}.00`) : other
        const [a, b] = [parseDecimal(left), parseDecimal(right)]
        if (a === undefined || b === undefined) throw new Error(`${left} or ${right} was not read`)
        const difference = scaled(left) - scaled(right)
        if (difference === 0n) equal += 1
        expect(Math.sign(compareDecimals(a, b))).toBe(difference === 0n ? 0 : difference < 0n ? -1 : 1)
      }),
      { seed: SEED, numRuns: 5_000 },
    )
    expect(equal).toBeGreaterThan(1_000)
  })

  test('with exponents say the same as without', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -99_999n, max: 99_999n }), fc.integer({ min: -30, max: 30 }), (digits, exponent) => {
        const literal = new TextEncoder().encode(`${digits}e${exponent}`)
        const magnitude = String(digits).replace('-', '').padStart(31, '0')
        const plain = exponent >= 0 ? `${digits}${'0'.repeat(exponent)}` : shifted(magnitude, -exponent, digits < 0n)
        const bound = plain.replace(/^(-?)0+(?=[0-9])/, '$1')
        expect(judges('range', [bound, bound], literal)).toBe(true)
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  function shifted(magnitude: string, places: number, negative: boolean): string {
    const cut = magnitude.length - places
    return `${negative ? '-' : ''}${magnitude.slice(0, cut)}.${magnitude.slice(cut)}`
  }
})

describe('addresses', () => {
  const ipv4 = fc.ipV4().filter((text) => !/(^|\.)0[0-9]/.test(text))
  const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 })
  /** The canonical form, by the URL parser of the platform. */
  const canonical = (list: readonly number[]): string => {
    const host = new URL(`http://[${list.map((group) => group.toString(16)).join(':')}]/`).hostname
    return host.slice(1, -1)
  }

  test('of IPv6 are read in the one form that the platform writes', () => {
    fc.assert(
      fc.property(groups, (list) => {
        const isMapped = list.slice(0, 5).every((group) => group === 0) && list[5] === 0xffff
        expect(parseIpv6(canonical(list))?.groups).toEqual(isMapped ? undefined : list)
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })

  test('of any text are read only where the platform’s parser leaves the text as it is', () => {
    const parts = fc.constantFrom('0', '1', '00', 'ff', 'F', ':', '::', '.', '127', '0x1', '256', 'ffff', '%', 'db8')
    fc.assert(
      fc.property(
        fc.array(parts, { maxLength: 12 }).map((list) => list.join('')),
        (text) => {
          if (parseAddress(text) === undefined) return
          const written = text.includes(':') ? `[${text}]` : text
          expect(URL.parse(`http://${written}/`)?.hostname).toBe(written)
        },
      ),
      { seed: SEED, numRuns: 20_000 },
    )
  })

  test('are within a network where the platform says so', () => {
    const both = fc.oneof(
      fc.tuple(ipv4, ipv4, fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const)),
      fc
        .tuple(groups, fc.nat({ max: 7 }), fc.nat({ max: 0xffff }), fc.integer({ min: 0, max: 128 }))
        .filter(([list]) => list[0] !== 0)
        .map(([list, index, other, length]) => {
          const changed = list.map((group, at) => (at === index && at > 0 ? other : group))
          return [canonical(list), canonical(changed), length, 'ipv6'] as const
        }),
    )
    let within = 0
    fc.assert(
      fc.property(both, ([base, address, length, family]) => {
        const list = new BlockList()
        list.addSubnet(base, length, family)
        const parsed = parseNetwork(base)
        const inner = parseNetwork(address)
        if (parsed === undefined || inner === undefined) throw new Error(`${base} or ${address} was not read`)
        const isWithin = isInNetwork(inner, { groups: parsed.groups, length })
        if (isWithin) within += 1
        expect(isWithin).toBe(list.check(address, family))
      }),
      { seed: SEED, numRuns: 3_000 },
    )
    expect(within).toBeGreaterThan(300)
  })

  test('that are public are in none of the networks that the platform is told are not', () => {
    const special = new BlockList()
    for (const [net, length] of [
      ['10.0.0.0', 8],
      ['127.0.0.0', 8],
      ['169.254.0.0', 16],
      ['192.168.0.0', 16],
    ] as const) {
      special.addSubnet(net, length, 'ipv4')
    }
    fc.assert(
      fc.property(ipv4, (text) => {
        const address = parseAddress(text)
        if (address === undefined) throw new Error(`${text} was not read`)
        expect(isPublic(address) && special.check(text, 'ipv4')).toBe(false)
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })
})

describe('URLs', () => {
  const written = [
    'https:// http:// https: HTTPS:// // / \\ @ : :443 :80 :0 :8443 ? # a.example b.a.example evil.example a.example. A.example',
    '8.8.8.8 127.0.0.1 127.1 0x7f.1 [::1] [2606:4700::1111] [::ffff:8.8.8.8] xn--mnchen-3ya.example xn--a.example ü user ;',
    ". .. %2e %2f %5c %41 %c3%bc %ff % %0a ' x y=1 & * |",
  ]
  const pieces = fc.constantFrom('\t', '\n', ' ', ...written.flatMap((line) => line.split(' ')))
  const urls = fc
    .tuple(fc.constantFrom('https://', 'http://', ''), fc.array(pieces, { minLength: 1, maxLength: 6 }))
    .map(([scheme, list]) => scheme + list.join(''))
  const terms = {
    hosts: ['*.example', '8.0.0.0/8', '2606:4700::/32'],
    schemes: ['https', 'http'],
    ports: [443, 80, 8443],
    query: true,
  }

  test('that are judged are what the platform’s parser reads, unchanged', () => {
    let judged = 0
    fc.assert(
      fc.property(urls, (text) => {
        const url = judgeUrl(text)
        if (url === undefined) return
        judged += 1
        const parsed = new URL(text)
        const ownPort = url.scheme === 'https' ? ':443' : ':80'
        const [, authority = '', rest = ''] = /^[a-z]+:\/\/([^/?#]*)(.*)$/s.exec(text) ?? []
        const usual = authority.endsWith(ownPort) ? authority.slice(0, -ownPort.length) : authority
        expect(parsed.href).toBe(`${url.scheme}://${usual}${rest === '' ? '/' : rest}`)
        expect([parsed.username, parsed.password, parsed.hash]).toEqual(['', '', ''])
        expect(Number(parsed.port === '' ? ownPort.slice(1) : parsed.port)).toBe(url.port)
        expect(url.host.kind === 'name' ? url.host.name : parsed.hostname).toBe(parsed.hostname)
      }),
      { seed: SEED, numRuns: 30_000 },
    )
    expect(judged).toBeGreaterThan(500)
  })

  test('that are allowed lead to a host that is allowed, as the platform’s parser reads it', () => {
    let allowed = 0
    fc.assert(
      fc.property(urls, (text) => {
        if (!judges('url', [terms], text)) return
        allowed += 1
        const { hostname } = new URL(text)
        expect(hostname).toMatch(/\.example$|^8\.8\.8\.8$|^\[2606:4700::1111\]$/)
      }),
      { seed: SEED, numRuns: 30_000 },
    )
    expect(allowed).toBeGreaterThan(300)
  })

  test('with a path allow only what the platform finds below it', () => {
    let allowed = 0
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 6 }), (list) => {
        const text = `https://a.example/v1${list.join('')}`
        if (!judges('url', [{ hosts: ['a.example'], paths: ['/v1'], query: true }], text)) return
        allowed += 1
        const { pathname, host } = new URL(text)
        expect(host).toBe('a.example')
        expect(pathname === '/v1' || pathname.startsWith('/v1/')).toBe(true)
        expect(decodeURIComponent(pathname).split('/')).not.toContain('..')
      }),
      { seed: SEED, numRuns: 10_000 },
    )
    expect(allowed).toBeGreaterThan(300)
  })

  test('judge encoded names that the platform encodes, and no others', () => {
    const letters = fc.constantFrom('a', 'b', 'é', 'ß', 'ж', '日', '٣', '-', 'Ä', 'ａ', '😀', '\u0308', '\u200d', '²')
    let judged = 0
    fc.assert(
      fc.property(
        fc.array(letters, { minLength: 1, maxLength: 8 }).map((list) => list.join('')),
        (label) => {
          const host = `${domainToASCII(label)}.example`
          if (!host.startsWith('xn--') || judgeUrl(`https://${host}/`) === undefined) return
          judged += 1
          const unicode = domainToUnicode(host)
          expect(unicode).not.toContain('xn--')
          expect(domainToASCII(unicode)).toBe(host)
          expect(unicode).toMatch(/^[\p{L}\p{M}\p{Nd}-]+\.example$/u)
        },
      ),
      { seed: SEED, numRuns: 5_000 },
    )
    expect(judged).toBeGreaterThan(500)
  })

  test('judge a made-up encoded name only where decoding and encoding leads back', () => {
    let judged = 0
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-'.split('')), maxLength: 10 }),
        (made) => {
          const host = `xn--${made}.example`
          if (judgeUrl(`https://${host}/`) === undefined) return
          judged += 1
          expect(URL.parse(`https://${host}/`)?.hostname).toBe(host)
          const unicode = domainToUnicode(host)
          expect(unicode.startsWith('xn--') ? host : domainToASCII(unicode)).toBe(host)
        },
      ),
      { seed: SEED, numRuns: 20_000 },
    )
    expect(judged).toBeGreaterThan(50)
  })
})
