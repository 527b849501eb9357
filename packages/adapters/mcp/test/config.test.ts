import { DEFAULT_REQUIREMENTS } from '@talos/capability'
import { isTalosError } from '@talos/errors'
import { parseMcpConfig, termsOfServer, termsOfTool } from '@talos/mcp'
import { describe, expect, it } from 'vitest'
import { MAX_SERVER_NAME_BYTES, MAX_SERVERS, MAX_WORDS } from '../src/limits.ts'

const files = { command: 'mcp-server-filesystem', args: ['/srv'], env: { A: '1' }, cwd: '/' }

function refusal(value: unknown): unknown {
  try {
    return parseMcpConfig(typeof value === 'string' ? value : JSON.stringify(value))
  } catch (error) {
    return isTalosError(error) ? [error.code, error.details['path'] ?? error.details['server']] : error
  }
}

describe('an MCP configuration', () => {
  it('is read as clients write it, with what other programs keep in it', () => {
    const text = JSON.stringify({
      theme: 'dark',
      mcpServers: { files: { ...files, disabled: false, autoApprove: ['*'], type: 'stdio' }, bare: { command: 'x' } },
      talos: { servers: { files: { proof: 'mac' } } },
    })
    const { servers, settings } = parseMcpConfig(`\uFEFF${text}`)
    expect([...servers]).toEqual([
      ['files', files],
      ['bare', { command: 'x', args: [], env: {} }],
    ])
    expect(termsOfTool(termsOfServer(settings, 'files'), 'any')).toEqual({ ...DEFAULT_REQUIREMENTS, proof: 'mac' })
    expect(termsOfTool(termsOfServer(settings, 'bare'), 'any')).toEqual(DEFAULT_REQUIREMENTS)
    expect(parseMcpConfig(new TextEncoder().encode(text)).servers.size).toBe(2)
  })

  it('says where it is wrong', () => {
    const server = (entry: unknown) => refusal({ mcpServers: { a: entry } })
    const invalid = (path: string) => ['MCP_CONFIG_INVALID', path]
    expect(refusal('{')).toEqual(invalid('$'))
    expect(refusal('{"mcpServers":{},"mcpServers":{}}')).toEqual(invalid('$'))
    expect(refusal('[]')).toEqual(invalid('$'))
    expect(refusal({})).toEqual(invalid('$.mcpServers'))
    expect(refusal({ mcpServers: {} })).toEqual(invalid('$.mcpServers'))
    expect(server('x')).toEqual(invalid('$.mcpServers.a'))
    expect(server({})).toEqual(invalid('$.mcpServers.a'))
    expect(server({ command: '' })).toEqual(invalid('$.mcpServers.a.command'))
    expect(server({ command: 'a\0b' })).toEqual(invalid('$.mcpServers.a.command'))
    expect(server({ command: 'x', args: 'y' })).toEqual(invalid('$.mcpServers.a.args'))
    expect(server({ command: 'x', args: [1] })).toEqual(invalid('$.mcpServers.a.args[0]'))
    expect(server({ command: 'x', args: ['y'.repeat(131_073)] })).toEqual(invalid('$.mcpServers.a.args[0]'))
    expect(server({ command: 'x', env: { 'A=B': '' } })).toEqual(invalid('$.mcpServers.a.env[0]'))
    expect(server({ command: 'x', env: { A: 1 } })).toEqual(invalid('$.mcpServers.a.env[0]'))
    expect(server({ command: 'x', cwd: 1 })).toEqual(invalid('$.mcpServers.a.cwd'))
    expect(refusal({ mcpServers: { a: files }, talos: { a: 1 } })).toEqual(invalid('$.talos'))
  })

  it('says which server is reached in a way that is not supported', () => {
    expect(refusal({ mcpServers: { web: { url: 'https://example.com/mcp' } } })).toEqual([
      'MCP_UPSTREAM_UNSUPPORTED',
      'web',
    ])
    expect(refusal({ mcpServers: { web: { type: 'sse', command: 'x' } } })).toEqual(['MCP_UPSTREAM_UNSUPPORTED', 'web'])
  })

  it('takes names, servers and words up to their limits, and nothing past them', () => {
    const named = (name: string) => refusal({ mcpServers: { [name]: files } })
    const many = (count: number) =>
      refusal({ mcpServers: Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, files])) })
    const args = (count: number) => refusal({ mcpServers: { a: { command: 'x', args: Array(count).fill('') } } })
    const env = (count: number) =>
      refusal({
        mcpServers: {
          a: {
            command: 'x',
            env: Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, ''])),
          },
        },
      })
    expect(named('é'.repeat(MAX_SERVER_NAME_BYTES / 2))).toHaveProperty('servers')
    expect(named('e'.repeat(MAX_SERVER_NAME_BYTES + 1))).toEqual(['MCP_CONFIG_INVALID', '$.mcpServers[0]'])
    expect(named('')).toEqual(['MCP_CONFIG_INVALID', '$.mcpServers[0]'])
    expect(named('a\u202eb')).toEqual(['MCP_CONFIG_INVALID', '$.mcpServers[0]'])
    expect(many(MAX_SERVERS)).toHaveProperty('servers')
    expect(many(MAX_SERVERS + 1)).toEqual(['MCP_CONFIG_INVALID', '$.mcpServers'])
    expect(args(MAX_WORDS)).toHaveProperty('servers')
    expect(args(MAX_WORDS + 1)).toEqual(['MCP_CONFIG_INVALID', '$.mcpServers.a.args'])
    expect(env(MAX_WORDS)).toHaveProperty('servers')
    expect(env(MAX_WORDS + 1)).toEqual(['MCP_CONFIG_INVALID', '$.mcpServers.a.env'])
  })
})
