export { McpCaller } from './caller.ts'
export { type McpConfig, type McpServers, parseMcpConfig, type StdioServerConfig } from './config.ts'
export { connectMcpStdio } from './connect.ts'
export { MAX_MCP_FRAME_BYTES, MAX_MESSAGE_BYTES } from './limits.ts'
export type {
  ConnectedMcpStdio,
  ConnectMcpStdioOptions,
  McpCallerOptions,
  McpEvent,
  McpResponse,
  McpTimeouts,
  RequestOptions,
  ServedMcpChannel,
  ServeMcpChannelOptions,
  ToolCall,
} from './options.ts'
export {
  bytesOfProof,
  type CallAuthor,
  type CallEnd,
  type CallPermission,
  type CallProof,
  type CallRemarks,
  type ChannelTerms,
  type GateDecision,
  type GateDenial,
  type GatedCall,
  type GatedList,
  type IntendedCall,
  type ListDecision,
  type ListPermission,
  type Referral,
  type SealedChannel,
  type SignedIntent,
  type ToolGate,
} from './ports.ts'
export { referralIn } from './referral.ts'
export {
  type PolicyFiles,
  type ServerTerms,
  type TalosSettings,
  termsOfServer,
  termsOfTool,
} from './requirements.ts'
export { serveMcpChannel } from './serve.ts'
