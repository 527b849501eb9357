/** `talos anchor init`: which chain, which contract, who pays, how often. */
import type { Secret } from '@talos/bytes'
import { ANCHOR_ENTRIES, ANCHOR_INTERVAL_MS, TalosClient } from '@talos/client'
import { TalosError } from '@talos/errors'
import { systemRandom } from '@talos/kernel'
import type { Command } from 'commander'
import { type AnchorSettings, hostOf, loadEvm, makeKey, readKey, writeSettings } from '../../anchoring.ts'
import { Context, type Shell } from '../../context.ts'
import { fields } from '../../output.ts'
import { invalid, parseCount, parseDuration } from '../../values.ts'

const GWEI_WEI = 1_000_000_000
const DEPLOY_WAIT_MS = 180_000
const DEFAULT_CONFIRMATIONS = 64
const ADDRESS = /^0x[0-9a-f]{40}$/

const EXAMPLES = `
Examples:
  $ talos anchor init --rpc https://rpc.example.org --chain-id 8453 --contract 0x5fbdb2315678afecb367f032d93f642f64180aa3
  $ talos anchor init --rpc https://a.example.org --rpc https://b.example.org --chain-id 8453 --deploy
  $ talos anchor init --rpc http://127.0.0.1:8545 --chain-id 31337 --deploy --confirmations 3

A key is made for this and kept, encrypted, in the agent's folder; its address pays, and is told. --key-file names a file of
64 hexadecimal digits instead that its owner alone can read; TALOS_ANCHOR_KEY goes before both. --deploy puts the contract of
contracts/solidity on the chain first; anybody's serves as well, since what is anchored stands under the sender's address.
An anchor goes out when the log has grown and the interval is over, from every process that runs the agent.`

interface InitOptions {
  readonly rpc: readonly string[]
  readonly chainId: string
  readonly contract?: string
  readonly deploy?: boolean
  readonly confirmations: string
  readonly keyFile?: string
  readonly newKey?: boolean
  readonly maxFee: string
  readonly maxGas: string
  readonly interval: string
  readonly entries: string
  readonly others?: boolean
}

export function addAnchorInit(anchor: Command, shell: Shell): void {
  anchor
    .command('init')
    .description('say on which chain, by which contract and how often the log is anchored')
    .requiredOption('--rpc <url>', 'JSON-RPC endpoint; several are asked side by side (repeatable)', collect)
    .requiredOption('--chain-id <number>', 'EIP-155 id of the chain')
    .option('--contract <address>', 'the contract that is there')
    .option('--deploy', 'put the contract on the chain')
    .option(
      '--confirmations <count>',
      'blocks before an anchor is final, or "finalized"',
      String(DEFAULT_CONFIRMATIONS),
    )
    .option('--key-file <file>', 'read the key that pays from this file')
    .option('--new-key', 'make another key: what was anchored stays under the old one')
    .option('--max-fee <gwei>', 'most that a unit of gas may cost', '50')
    .option('--max-gas <count>', 'most gas of one transaction', '500000')
    .option('--interval <duration>', 'time between two anchors', `${ANCHOR_INTERVAL_MS / 60_000}m`)
    .option('--entries <count>', 'new entries that bring an anchor forward', String(ANCHOR_ENTRIES))
    .option('--others', 'anchor the logs that this agent witnesses as well')
    .addHelpText('after', EXAMPLES)
    .action(async (options: InitOptions, command: Command) => await init(new Context(shell, command), options))
}

async function init(context: Context, options: InitOptions): Promise<void> {
  const settings = settingsOf(options)
  const name = context.agentName
  const client = await TalosClient.open(name, {
    home: context.home.root,
    passphrase: await context.passphrase({ name }),
  })
  try {
    const { addressOfKey, EvmChain } = await loadEvm()
    const key = await keyOf(client, options)
    const by = addressOfKey(key)
    // An empty account stops the deployment below: whoever is to fill it has to know its address by then.
    context.output.note(`the key that pays has the address ${by}`)
    const chain = { rpcUrls: settings.rpcUrls, chainId: settings.chainId, random: systemRandom }
    const contract = options.contract ?? (await deploy(context, { ...chain, key, settings }))
    await new EvmChain(chain).requireContract(contract)
    client.database.transaction(() => {
      client.database.anchors.forgetUnfinished()
      writeSettings(client.database, { ...settings, contract })
    })
    const endpoints = settings.rpcUrls.map(hostOf)
    const { chainId, confirmations, intervalMs, entries } = settings
    context.output.result({ chainId, contract, by, endpoints, confirmations, intervalMs, entries }, () =>
      fields([
        ['chain', String(chainId)],
        ['contract', contract],
        ['paid by', by],
        ['endpoints', endpoints.join(', ')],
        ['final after', confirmations === 'finalized' ? 'what the chain calls final' : `${confirmations} blocks`],
        ['anchors', `every ${options.interval}, or after ${entries} entries`],
      ]),
    )
  } finally {
    await client.close()
  }
}

async function keyOf(client: TalosClient, { keyFile, newKey = false }: InitOptions): Promise<Secret> {
  const known = newKey ? undefined : await readKey(client.database, keyFile)
  return known ?? (await makeKey(client.database))
}

async function deploy(
  { output }: Context,
  options: {
    readonly rpcUrls: readonly string[]
    readonly chainId: number
    readonly random: typeof systemRandom
    readonly key: Secret
    readonly settings: AnchorSettings
  },
): Promise<string> {
  const { deployContract } = await loadEvm()
  const { rpcUrls, chainId, random, key, settings } = options
  const { contract, gasUsed } = await deployContract({
    rpcUrls,
    chainId,
    random,
    key,
    maxFeePerGasWei: BigInt(settings.maxFeePerGasWei),
    waitMs: DEPLOY_WAIT_MS,
    onSent: (transaction) => output.note(`sent ${transaction}, waiting for a block`),
  })
  output.note(`deployed for ${gasUsed} gas`)
  return contract
}

function settingsOf(options: InitOptions): AnchorSettings {
  const { rpc: rpcUrls, contract, deploy: deploys = false, keyFile, newKey = false, others = false } = options
  if (deploys === (contract !== undefined)) throw invalid('--contract', 'name a contract, or deploy one with --deploy')
  if (contract !== undefined && !ADDRESS.test(contract))
    throw invalid('--contract', 'write 0x and 40 hexadecimal digits in lower case')
  if (newKey && keyFile !== undefined) throw new TalosError('CLI_USAGE', { reason: '--new-key has no --key-file' })
  const count = (text: string, option: string, maximum: number) => parseCount(text, { option, minimum: 1, maximum })
  return {
    rpcUrls,
    chainId: count(options.chainId, '--chain-id', Number.MAX_SAFE_INTEGER),
    contract: contract ?? '',
    confirmations:
      options.confirmations === 'finalized' ? 'finalized' : count(options.confirmations, '--confirmations', 1_000_000),
    maxFeePerGasWei: String(weiOf(options.maxFee)),
    maxGas: String(count(options.maxGas, '--max-gas', 100_000_000)),
    intervalMs: parseDuration(options.interval, '--interval') * 1000,
    entries: count(options.entries, '--entries', 1_000_000_000),
    others,
    ...(keyFile !== undefined && { keyFile }),
  }
}

/** Chains of today cost a fraction of a gwei: up to nine digits after the point. */
function weiOf(text: string): number {
  const wei = /^[0-9]{1,6}(?:\.[0-9]{1,9})?$/.test(text) ? Math.round(Number(text) * GWEI_WEI) : 0
  if (wei === 0) throw invalid('--max-fee', 'write gwei, as in 50 or 0.05')
  return wei
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value]
}
