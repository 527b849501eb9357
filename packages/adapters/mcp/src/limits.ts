/** The relay's limits, each with its reason. Clause numbers are of contracts/spec/14-mcp.md. */

/** A configuration is written by hand; this leaves room for hundreds of servers (14.1). */
export const MAX_CONFIG_BYTES = 1_048_576
/** One child runs per server and channel; nobody lists this many by hand (14.1). */
export const MAX_SERVERS = 256
/** Escaped, a name of this length still fits a command of 1,024 characters beside a tool's name (14.1). */
export const MAX_SERVER_NAME_BYTES = 64
/** Arguments and variables of one server; systems take far fewer bytes in all (14.1). */
export const MAX_WORDS = 1_024
/** Linux takes 128 KiB per argument or variable (14.1). */
export const MAX_WORD_CHARS = 131_072

/** Tools of one server with terms of their own; they travel to each caller in one frame (14.9). */
export const MAX_RULED_TOOLS = 1_024
/** Names that conditions on the environment may be about (14.9). */
export const MAX_ENVIRONMENT = 64
/** Who allows knowledge to be older than a year asks for none (14.9). */
export const MAX_STALE_S = 31_536_000

/** One JSON-RPC message: a 10 MiB result in base64 passes, memory stays bounded (14.2). */
export const MAX_MESSAGE_BYTES = 16 * 1_048_576
/** Nesting of one message; the deepest published tool schemas stay below 30 (14.2). */
export const MAX_MESSAGE_DEPTH = 128
/** Members of one object, or items of one array, that are looked at: bounds the memory of a scan (14.2). */
export const MAX_OBJECT_MEMBERS = 100_000
/** Ids are counters or UUIDs in practice (14.2). */
export const MAX_ID_CHARS = 256
/** Methods are words like `tools/call` (14.2). */
export const MAX_METHOD_CHARS = 256
/** A tool's name must fit a command of 1,024 characters even where every byte is escaped (14.2). */
export const MAX_TOOL_NAME_CHARS = 256

/** The largest frame: a message, a call of 1 MiB, 16 proofs of 64 KiB, 32 approvals of 16 KiB, and CBOR's own bytes (14.3). */
export const MAX_MCP_FRAME_BYTES = MAX_MESSAGE_BYTES + 2 * 1_048_576 + 524_288 + 4_096

/** Requests of one channel waiting for an answer, in each direction; hosts keep a few dozen at most (14.5). */
export const MAX_IN_FLIGHT = 256
/** Frames of the agent taken in while earlier ones are being decided; further ones wait in the channel (14.5). */
export const MAX_QUEUED_FRAMES = 64
/** The same by size, so that a few large ones count as well (14.5). */
export const MAX_QUEUED_BYTES = 2 * MAX_MESSAGE_BYTES
/** `tools/list` pages that the tool side reads on its own to learn which tools exist (14.6). */
export const MAX_LIST_PAGES = 64
/** Tools of one server that are remembered (14.6). */
export const MAX_KNOWN_TOOLS = 10_000
/** Lines on a server's stdout that are no JSON-RPC message, before it is stopped (14.4). */
export const MAX_JUNK_LINES = 100

/** The end of a server's stderr that is kept for reports (14.4). */
export const STDERR_TAIL_BYTES = 4_096

/** Servers started through package runners may install themselves first (14.5). */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 60_000
/** Long enough for slow tools; a request that nobody answers still ends (14.5). */
export const DEFAULT_REQUEST_TIMEOUT_MS = 600_000
/** The agent side waits this much longer than the tool side, whose answer says more (14.5). */
export const AGENT_TIMEOUT_MARGIN_MS = 15_000
/** How long the tool side's own `tools/list` may delay a call (14.6). */
export const OWN_LIST_TIMEOUT_MS = 10_000
/** What a cancelled request may still take before it counts as lost (14.5). */
export const CANCEL_GRACE_MS = 10_000

/** After the end of stdin, a server gets this long to exit, then the same after SIGTERM (14.4). */
export const STOP_GRACE_MS = 1_000
/** How long answers under way may still take once the MCP client has closed our stdin (14.7). */
export const INPUT_END_DRAIN_MS = 1_500
