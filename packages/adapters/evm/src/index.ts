export { addressOfKey, makeAnchorKey, readAnchorKey } from './account.ts'
export { type DeployedContract, type DeployOptions, deployContract } from './deploy.ts'
export { EvmAnchor } from './evm-anchor.ts'
export { type BlockStanding, EvmChain, type EvmChainOptions, type JudgedAnchor } from './evm-chain.ts'
export {
  hasLocalChain,
  LOCAL_CHAIN_ID,
  type LocalChain,
  type LocalChainOptions,
  startLocalChain,
} from './local-chain.ts'
export {
  type Confirmations,
  DEFAULT_CONFIRMATIONS,
  DEFAULT_MAX_FEE_PER_GAS_WEI,
  DEFAULT_MAX_GAS,
  type EndpointOptions,
  type EvmAnchorOptions,
  MAX_ENDPOINTS,
  type SenderOptions,
} from './options.ts'
