/** Properties of the typed rules: each judged against another implementation, or a slower one that is plainly right. */
import { BlockList } from 'node:net'
import { domainToASCII, domainToUnicode } from 'node:url'
import type { IpldValue } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInNetwork, isPublic, parseAddress, parseIpv6, parseNetwork } from '../src/conditions/address.ts'
import { Budget } from '../src/conditions/budget.ts'
import { refusals, talosConditions } from '../src/conditions/conditions.ts'
import { compareDecimals, parseDecimal } from '../src/conditions/decimal.ts'
import { compilePolicy } from '../src/conditions/policy.ts'
import { compilePattern } from '../src/conditions/regexp.ts'
import { judgeUrl } from '../src/conditions/url-form.ts'

const SEED = 42

function judges(kind: string, operands: readonly IpldValue[], value: IpldValue): boolean {
  const conditions = talosConditions([], [[kind, '.v', ...operands]])
  return refusals(conditions, { v: value }, { budget: new Budget(), resolvePath: undefined }).length === 0
}

function pattern(text: string) {
  return compilePattern(text, { path: 'rules[0]', quota: { rules: 0, patternSize: 0 } })
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
        if (address !== undefined && isPublic(address)) expect(special.check(text, 'ipv4')).toBe(false)
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })
})

describe('URLs', () => {
  const pieces = fc.constantFrom(
    ...['https://', 'http://', 'https:', 'HTTPS://', '//', '/', '\\', '@', ':', ':443', ':80', ':0', ':8443', '?', '#'],
    ...[
      'a.example',
      'b.a.example',
      'evil.example',
      'a.example.',
      'A.example',
      '8.8.8.8',
      '127.0.0.1',
      '127.1',
      '0x7f.1',
    ],
    ...['[::1]', '[2606:4700::1111]', '[::ffff:8.8.8.8]', 'xn--mnchen-3ya.example', 'xn--a.example', 'ü', 'user', ';'],
    ...[
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '%41',
      '%c3%bc',
      '%ff',
      '%',
      '%0a',
      '\t',
      '\n',
      ' ',
      "'",
      'x',
      'y=1',
      '&',
      '*',
      '|',
    ],
  )
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
        if (url.host.kind === 'name') expect(parsed.hostname).toBe(url.host.name)
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
          if (!/^xn--/.test(host) || judgeUrl(`https://${host}/`) === undefined) return
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
        fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-'), maxLength: 10 }),
        (made) => {
          const host = `xn--${made}.example`
          if (judgeUrl(`https://${host}/`) === undefined) return
          judged += 1
          expect(URL.parse(`https://${host}/`)?.hostname).toBe(host)
          const unicode = domainToUnicode(host)
          if (!unicode.startsWith('xn--')) expect(domainToASCII(unicode)).toBe(host)
        },
      ),
      { seed: SEED, numRuns: 20_000 },
    )
    expect(judged).toBeGreaterThan(50)
  })
})

describe('patterns', () => {
  /** A pattern in both languages: RFC 9485's and JavaScript's. */
  interface Both {
    readonly own: string
    readonly js: string
  }
  const same = (text: string): Both => ({ own: text, js: text })
  const atoms = fc.constantFrom<Both>(
    ...['a', 'b', 'c', '\\.', '\\n', '\\\\', '[ab]', '[^a]', '[a-c]', '[-b]', '[^-a]', '\\p{L}', '\\P{Ll}', '😀'].map(
      same,
    ),
    ...['[\\p{L}.]', '[😀-😂]', '-', '()', '[a\\-c]', '\\t'].map(same),
    { own: '.', js: '[^\\n\\r]' },
    { own: '\\-', js: '-' },
  )
  const quantifiers = fc.constantFrom('', '', '*', '+', '?', '{2}', '{0}', '{1,2}', '{0,2}', '{1,}', '{2,}', '{0,}')
  const patterns = fc.letrec<{ pattern: Both; branch: Both; piece: Both }>((tie) => ({
    pattern: fc
      .array(tie('branch'), { minLength: 1, maxLength: 3, depthSize: 'small' })
      .map((list) => ({ own: list.map(({ own }) => own).join('|'), js: list.map(({ js }) => js).join('|') })),
    branch: fc
      .array(tie('piece'), { maxLength: 3, depthSize: 'small' })
      .map((list) => ({ own: list.map(({ own }) => own).join(''), js: list.map(({ js }) => js).join('') })),
    piece: fc
      .tuple(
        fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          atoms,
          tie('pattern').map(({ own, js }) => ({ own: `(${own})`, js: `(?:${js})` })),
        ),
        quantifiers,
      )
      .map(([{ own, js }, quantifier]) => ({ own: own + quantifier, js: js + quantifier })),
  })).pattern
  const texts = fc
    .array(fc.constantFrom('a', 'b', 'c', '.', '-', '\n', '\\', '😀', '\u2028'), { maxLength: 6 })
    .map((list) => list.join(''))

  test('match what JavaScript’s own expressions match', () => {
    let matched = 0
    fc.assert(
      fc.property(patterns, texts, ({ own, js }, text) => {
        if (own.length > 60) return
        const expected = new RegExp(`^(?:${js})$`, 'u').test(text)
        if (expected) matched += 1
        expect(pattern(own).run(text).matched).toBe(expected)
      }),
      { seed: SEED, numRuns: 10_000 },
    )
    expect(matched).toBeGreaterThan(500)
  })

  test('that are accepted are accepted by JavaScript as well, whatever the text', () => {
    const junk = fc
      .array(fc.constantFrom(...'abc.*+?()[]{}|^$\\-,12npPL: '.split(''), '\\p{L}', '{2}', '[^', '(?:'), {
        maxLength: 10,
      })
      .map((list) => list.join(''))
    let accepted = 0
    fc.assert(
      fc.property(junk, texts, (own, text) => {
        let compiled: ReturnType<typeof pattern>
        try {
          compiled = pattern(own)
        } catch (error) {
          expect(isTalosError(error) && error.code).toBe('CAPABILITY_POLICY_INVALID')
          return
        }
        accepted += 1
        expect(compiled.run(text).matched).toBe(new RegExp(`^(?:${inJavaScript(own)})$`, 'u').test(text))
      }),
      { seed: SEED, numRuns: 30_000 },
    )
    expect(accepted).toBeGreaterThan(2_000)
  })

  /** RFC 9485, section 5.3, and `\-`, which JavaScript knows in classes only. */
  function inJavaScript(text: string): string {
    return text.replaceAll(/\\[pP]\{[^}]*\}|\[(?:\\.|[^\]\\])*\]|\\?[\s\S]/gu, (token) => {
      if (token === '.') return '[^\\n\\r]'
      return token === '\\-' ? '-' : token
    })
  }

  test('visit no more states than their size times the text’s length, whatever the pattern', () => {
    fc.assert(
      fc.property(patterns, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 200 }), ({ own }, text) => {
        if (own.length > 200) return
        const { size, run } = pattern(own)
        expect(run(text).visits).toBeLessThanOrEqual((size + 1) * (text.length + 1))
      }),
      { seed: SEED, numRuns: 3_000 },
    )
  })
})

describe('truth of three values', () => {
  const leaves = fc.oneof(
    fc.tuple(fc.constantFrom('==', '!='), fc.constantFrom('.a', '.b.c'), fc.constantFrom<IpldValue>(1, 'x')),
    fc.tuple(fc.constantFrom('<', '>='), fc.constantFrom('.a', '.b'), fc.constantFrom(0, 2)),
    fc.tuple(fc.constant('like'), fc.constantFrom('.a', '.b'), fc.constantFrom('*', 'x')),
  )
  type Statement = readonly [string, ...IpldValue[]]
  const statements = fc.letrec<{ statement: Statement }>((tie) => ({
    statement: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaves,
      fc.tuple(fc.constant('not'), tie('statement')),
      fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('statement'), { maxLength: 3 })),
    ),
  })).statement
  const values = fc.constantFrom<IpldValue>(1, 3, 'x', null, [1], new TextEncoder().encode('1.0'), { c: 1 })

  /** What a statement could turn out to be, were each undecided leaf decided in either way. */
  function possible([operator, operand, ...rest]: Statement, args: IpldValue): ReadonlySet<boolean> {
    if (operator === 'not') return new Set([...possible(operand as Statement, args)].map((truth) => !truth))
    if (operator === 'and' || operator === 'or') {
      const parts = (operand as readonly Statement[]).map((part) => possible(part, args))
      // Undecided leaves are decided each for itself: every combination can be.
      const combine = (left: boolean, right: boolean): boolean =>
        operator === 'and' || parts.length === 0 ? left && right : left || right
      let sum: readonly boolean[] = [operator === 'and' || parts.length === 0]
      for (const part of parts) sum = sum.flatMap((left) => [...part].map((right) => combine(left, right)))
      return new Set(sum)
    }
    const truth = truthOf([operator, operand as IpldValue, ...rest], args)
    return truth === undefined ? new Set([true, false]) : new Set([truth])
  }

  function truthOf(statement: Statement, args: IpldValue): boolean | undefined {
    const [compiled] = compilePolicy([statement], { unjudged: undefined, path: 'pol' })
    return compiled?.evaluate(args, new Budget())
  }

  test('what allows would allow however each undecided part turned out', () => {
    const seen = new Map<unknown, number>()
    fc.assert(
      fc.property(statements, values, values, (statement, a, b) => {
        const args = { a, b }
        const truth = truthOf(statement, args)
        seen.set(truth, (seen.get(truth) ?? 0) + 1)
        const outcomes = possible(statement, args)
        if (truth !== undefined) expect([...outcomes]).toEqual([truth])
        const isRefused =
          refusals(
            talosConditions(
              [statement],
              [
                ['known', '.a'],
                ['known', '.b'],
              ],
            ),
            args,
            {
              budget: new Budget(),
              resolvePath: undefined,
            },
          ).length > 0
        if (outcomes.has(false)) expect(isRefused).toBe(true)
      }),
      { seed: SEED, numRuns: 10_000 },
    )
    for (const truth of [true, false, undefined]) expect(seen.get(truth)).toBeGreaterThan(300)
  })
})
