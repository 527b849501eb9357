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
export type {
  CallAuthor,
  CallEnd,
  CallPermission,
  GateDecision,
  GateDenial,
  GatedCall,
  GatedList,
  IntendedCall,
  ListDecision,
  ListPermission,
  SealedChannel,
  SignedIntent,
  ToolGate,
} from './ports.ts'
export { serveMcpChannel } from './serve.ts'
