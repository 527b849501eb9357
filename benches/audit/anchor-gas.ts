/**
 * What an anchor costs in gas, by a real chain on this machine: the root of roots over 1, 100 and 1,000 agents, and the designs
 * beside it (docs/adr/0024). Every agent brings a checkpoint; the leaves are made as an agent makes them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkpointStatement, completedNodes, statementLeaf } from '@talos/anchor'
import { toHex } from '@talos/bytes'
import { type LocalChain, startLocalChain } from '@talos/evm'
import { portableKernel } from '@talos/kernel'
import { rootAt, treeSize } from '@talos/merkle'
import { encodeFunctionData, type Hex } from 'viem'
import { compileSolidity } from '../../tools/src/contracts.ts'
import { AGENTS } from './targets.ts'

const ROOT = join(import.meta.dirname, '..', '..')

interface GasOfAgents {
  readonly agents: number
  /** One transaction with the root of roots. */
  readonly rootOfRoots: number
  /** The same, for each agent that it covers. */
  readonly perAgent: number
  /** One transaction with an event for each agent's log. */
  readonly eventPerLog: number
}

export interface AnchorGas {
  readonly byAgents: readonly GasOfAgents[]
  /** Putting the contract on the chain. */
  readonly deploy: number
  /** A contract that keeps the last size: the first anchor of a sender, and each one after it. */
  readonly storedHead: { readonly first: number; readonly next: number }
  /** A contract that is told the size before. */
  readonly namedBefore: number
}

interface Receipt {
  readonly gasUsed: Hex
  readonly contractAddress: Hex | null
}

/** Measures on a chain that is started for it. @throws TalosError `ANCHOR_CHAIN_UNAVAILABLE` */
export async function measureAnchorGas(): Promise<AnchorGas> {
  await using chain = await startLocalChain()
  const [from] = (await chain.request('eth_accounts')) as Hex[]
  const send = async (call: { readonly to?: Hex; readonly data: Hex }) => await receiptOf(chain, { from, ...call })
  const source = readFileSync(join(ROOT, 'contracts/solidity/TalosAnchor.sol'), 'utf8')
  const variants = readFileSync(join(ROOT, 'packages/adapters/evm/test/solidity/Variants.sol'), 'utf8')
  const { TalosAnchor, StoredHead, NamedBefore, EventPerLog } = {
    ...compileSolidity(source),
    ...compileSolidity(variants),
  }
  const deployed = async (contract: typeof TalosAnchor) => {
    if (contract === undefined) throw new Error('a contract is missing')
    const { contractAddress, gasUsed } = await send({ data: contract.bytecode })
    if (contractAddress === null) throw new Error('it was not deployed')
    const call = async (...args: readonly unknown[]) => {
      const data = encodeFunctionData({ abi: contract.abi, functionName: 'anchor', args } as never)
      return Number((await send({ to: contractAddress, data })).gasUsed)
    }
    return { call, gas: Number(gasUsed) }
  }
  const anchor = await deployed(TalosAnchor)
  const perLog = await deployed(EventPerLog)
  const byAgents: GasOfAgents[] = []
  for (const agents of AGENTS) {
    const { roots, root } = logOfLogs(agents)
    const rootOfRoots = await anchor.call(BigInt(agents), root)
    const eventPerLog = await perLog.call(
      roots.map((_, index) => BigInt(index + 1)),
      roots,
    )
    byAgents.push({ agents, rootOfRoots, perAgent: rootOfRoots / agents, eventPerLog })
  }
  const { root } = logOfLogs(1)
  const stored = await deployed(StoredHead)
  const storedHead = { first: await stored.call(1n, root), next: await stored.call(2n, root) }
  const namedBefore = await (await deployed(NamedBefore)).call(1n, 2n, root)
  return { byAgents, deploy: anchor.gas, storedHead, namedBefore }
}

/** The checkpoints of so many agents, and the root of their log of logs. */
function logOfLogs(agents: number): { readonly roots: readonly Hex[]; readonly root: Hex } {
  const kernel = portableKernel()
  const nodes = new Map<string, Uint8Array>()
  const readNode = (level: number, position: number): Uint8Array => {
    const node = nodes.get(`${level}/${position}`)
    if (node === undefined) throw new Error('a node is missing')
    return node
  }
  const roots = Array.from({ length: agents }, (_, index): Hex => {
    const root = kernel.sha256(Uint8Array.of(index >> 8, index % 256))
    const statement = checkpointStatement({ origin: `talos/agent-${index}/1`, size: index + 1, root })
    for (const node of completedNodes({ index, leafHash: statementLeaf(statement, kernel), readNode, kernel })) {
      nodes.set(`${node.level}/${node.position}`, node.hash)
    }
    return `0x${toHex(root)}`
  })
  return { roots, root: `0x${toHex(rootAt({ size: treeSize(agents), readNode, kernel }))}` }
}

async function receiptOf(chain: LocalChain, call: object): Promise<Receipt> {
  const hash = await chain.request('eth_sendTransaction', [{ gas: '0x989680', ...call }])
  for (;;) {
    const receipt = (await chain.request('eth_getTransactionReceipt', [hash])) as Receipt | null
    if (receipt !== null) return receipt
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
