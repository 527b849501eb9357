/** `talos anchor verify`: an anchor, offline from the header and the receipt that it brings along, or held against a chain. */
import { type VerifiedAnchor, verifyStatementAnchor } from '@talos/anchor'
import { decodeJcs, fromBase64url, toHex } from '@talos/bytes'
import { type AnchorFile, parseAnchorFile } from '@talos/contracts'
import { TalosError } from '@talos/errors'
import { openLogKeyDelegation } from '@talos/identity'
import { type Kernel, loadKernel, systemRandom } from '@talos/kernel'
import { logVerifierKey, openCheckpoint } from '@talos/merkle'
import type { Command } from 'commander'
import { loadEvm } from '../../anchoring.ts'
import type { Shell } from '../../context.ts'
import { EXIT_FAILED, EXIT_INCOMPLETE } from '../../exit-codes.ts'
import { readUserFile } from '../../files.ts'
import { fields, printable } from '../../output.ts'
import { invalid, parseCount, showTime } from '../../values.ts'
import { collect } from '../capabilities/terms.ts'

/** A header, eight nodes of a trie and a checkpoint. */
const FILE_MAX_BYTES = 2_097_152
const FILE_MAX_DEPTH = 8
const HASH = /^0x[0-9a-f]{64}$/

const HELP = `
Examples:
  $ talos anchor verify log.talosanchor
  $ talos anchor verify log.talosanchor --block-hash 0x…     a hash that you have from a source of your own
  $ talos anchor verify log.talosanchor --rpc https://rpc.example.org --confirmations finalized

Needs no agent and no keys. Without --rpc nothing leaves this machine: the anchor then holds if the block's header is one of
the chain's, which you know or trust. With --rpc the block is looked for at its height, and the anchors of the same sender
around it are checked to grow.

Exit code 0: holds. 1: does not. 2: unreadable, or no answer of the endpoints that can be used. 3: holds, and the block is not
final yet.`

interface VerifyOptions {
  readonly rpc?: readonly string[]
  readonly confirmations: string
  readonly blockHash?: string
}

export function addAnchorVerify(anchor: Command, shell: Shell): void {
  anchor
    .command('verify')
    .argument('<file>', 'a .talosanchor file')
    .description('check an anchor, offline or against a chain')
    .option('--rpc <url>', 'ask this endpoint (repeatable)', collect)
    .option('--confirmations <count>', 'blocks before an anchor is final, or "finalized"', '64')
    .option('--block-hash <hash>', 'the hash of the block, known from elsewhere')
    .addHelpText('after', HELP)
    .action(async (path: string, options: VerifyOptions) => await verify(shell, path, options))
}

async function verify(shell: Shell, path: string, options: VerifyOptions): Promise<void> {
  const kernel = loadKernel()
  const file = fileOf(readUserFile(path, FILE_MAX_BYTES))
  const known = options.blockHash
  const confirmations = confirmationsOf(options.confirmations)
  if (known !== undefined && !HASH.test(known)) throw invalid('--block-hash', 'write 0x and 64 hexadecimal digits')
  const anchor = verifyStatementAnchor(file.proof, {
    statement: file.statement,
    kernel,
    ...(known !== undefined && { trust: { has: ({ hash }) => `0x${toHex(hash)}` === known } }),
  })
  if (known !== undefined && anchor.trusted !== 'header')
    throw new TalosError('ANCHOR_BLOCK_UNKNOWN', { block: anchor.blockNumber })
  const signer = signerOf(file, kernel)
  const { rpc: rpcUrls } = options
  const online = rpcUrls === undefined ? undefined : await hold(anchor, { confirmations, rpcUrls })
  if (online?.state === 'unknown' || online?.growth === 'conflict') shell.exitCode = EXIT_FAILED
  else if (online?.state === 'included') shell.exitCode = EXIT_INCOMPLETE
  tell(shell, { file, anchor, signer, online })
}

/** Schema and canonical form; a file that is another thing is unreadable, not false. @throws TalosError `ANCHOR_FILE_INVALID` */
function fileOf(bytes: Uint8Array): AnchorFile {
  try {
    return parseAnchorFile(decodeJcs(bytes, { maxBytes: FILE_MAX_BYTES, maxDepth: FILE_MAX_DEPTH }))
  } catch (cause) {
    throw new TalosError('ANCHOR_FILE_INVALID', {}, { cause })
  }
}

/**
 * Whose log signed the checkpoint that was anchored; undefined where the file does not bring it along.
 *
 * @throws TalosError `ANCHOR_FORM_INVALID`, and what the delegation and the note throw
 */
function signerOf({ statement, checkpoint, logKey }: AnchorFile, kernel: Kernel): string | undefined {
  if (statement.kind !== 'checkpoint' || checkpoint === undefined || logKey === undefined) return undefined
  const delegation = openLogKeyDelegation(fromBase64url(logKey), { kernel })
  const key = logVerifierKey({ origin: delegation.origin, publicKey: delegation.logPublicKey, kernel })
  const { origin, size, root } = openCheckpoint(checkpoint, { logKey: key, kernel })
  if (origin !== statement.origin || size !== statement.size || toHex(root) !== statement.root)
    throw new TalosError('ANCHOR_FORM_INVALID', { reason: 'the checkpoint is another one than what was anchored' })
  return delegation.issuer
}

interface Online {
  readonly state: 'unknown' | 'included' | 'final'
  readonly confirmations: number
  /** Whether the anchor counts among those of its sender from its own block on. */
  readonly growth: string
}

/** @throws TalosError `CLI_OPTION_INVALID` */
function confirmationsOf(text: string): number | 'finalized' {
  return text === 'finalized' ? text : parseCount(text, { option: '--confirmations', minimum: 1, maximum: 1_000_000 })
}

async function hold(
  anchor: VerifiedAnchor,
  { rpcUrls, confirmations }: { readonly rpcUrls: readonly string[]; readonly confirmations: number | 'finalized' },
): Promise<Online> {
  const { EvmChain } = await loadEvm()
  const { chainId, contract, by, blockNumber: number } = anchor
  const chain = new EvmChain({ rpcUrls, chainId, confirmations, random: systemRandom })
  const standing = await chain.standingOf({ number, hash: `0x${toHex(anchor.blockHash)}` })
  if (standing.state === 'unknown') return { ...standing, growth: 'unknown' }
  const history = await chain.historyOf({ contract, by, fromBlock: 0 })
  const own = history.find(({ size, root }) => size === anchor.rootSize && toHex(root) === toHex(anchor.root))
  return { ...standing, growth: own?.growth ?? 'unknown' }
}

function tell(
  { output }: Shell,
  result: {
    readonly file: AnchorFile
    readonly anchor: VerifiedAnchor
    readonly signer: string | undefined
    readonly online: Online | undefined
  },
): void {
  const { file, anchor, signer, online } = result
  const { chainId, contract, by, blockNumber, timestampS, trusted } = anchor
  const blockHash = `0x${toHex(anchor.blockHash)}`
  const isGood = online === undefined || (online.state !== 'unknown' && online.growth !== 'conflict')
  const json = { chainId, contract, by, blockNumber, blockHash, timestampS, trusted, statement: file.statement }
  output.result(
    { ok: isGood, ...json, ...(signer !== undefined && { signer }), ...(online !== undefined && { online }) },
    () => [
      output.tint(isGood ? 'good' : 'bad', isGood ? 'the anchor holds' : 'the anchor does not hold'),
      ...fields([
        ['anchored', statementText(file)],
        ...(signer === undefined ? [] : [['signed for', signer] as const]),
        ['chain', String(chainId)],
        ['block', `${blockNumber}, ${showTime(timestampS * 1000)}`],
        ['block hash', blockHash],
        ['contract', contract],
        ['sent by', by],
      ]),
      trustText(trusted, online),
    ],
  )
}

function statementText({ statement }: AnchorFile): string {
  switch (statement.kind) {
    case 'checkpoint':
      return printable(`${statement.origin}, ${statement.size} entries, root ${statement.root.slice(0, 16)}…`)
    case 'revocations':
      return `${statement.n} revocations of ${statement.issuer}`
    case 'identity':
      return `key log of ${statement.did}, ${statement.version} entries`
  }
}

function trustText(trusted: VerifiedAnchor['trusted'], online: Online | undefined): string {
  if (online?.state === 'unknown') return 'the chain has another block at this height'
  if (online?.growth === 'conflict')
    return 'the sender anchored another tree of the same size before: one of the two is false'
  if (online !== undefined) {
    const depth = `${online.confirmations} blocks deep`
    return online.state === 'final'
      ? `the chain has this block, ${depth}: final`
      : `the chain has this block, ${depth}: not final yet`
  }
  if (trusted === 'header') return 'the block is the one that you named'
  return 'checked offline: it holds if this block is one of the chain, which nothing here shows'
}
