export interface McpStdio {
  readonly input: unknown
}
export interface ToolCall {
  readonly server: string
}
export interface ToolOutcome {
  readonly outcome: string
}
export async function invokeTool(_a: unknown, _b: unknown): Promise<ToolOutcome> {
  return { outcome: '' }
}
export function serveMcp(_a: unknown, _b: unknown): { close(): Promise<void> } {
  return { close: async () => undefined }
}
export async function connectMcp(_a: unknown, _b: unknown): Promise<{ readonly closed: Promise<string> }> {
  return { closed: Promise.resolve('') }
}
