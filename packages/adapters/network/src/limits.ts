/**
 * Every limit of the network, with its reason (spec 13-link-envelope). Whoever needs other numbers passes options;
 * the wire limits (frame, hello) are the protocol and fixed.
 */

/** Connection attempt with its handshake: three round trips at 500 ms and room for a retransmission. */
export const DEFAULT_DIAL_TIMEOUT_MS = 5_000
/** A listener's patience with a TLS handshake; an honest one takes two round trips. */
export const HANDSHAKE_TIMEOUT_MS = 5_000
/** Handshakes under way per listener; beyond it the oldest one is dropped, since honest ones end quickly. */
export const MAX_PENDING_HANDSHAKES = 64
/** Authenticated connections per listener, each at most some hundred kilobytes of socket buffers. */
export const DEFAULT_MAX_CONNECTIONS = 256
/** A pipe in memory holds so much before its writer waits; the size of a TLS socket's own buffer. */
export const MEMORY_PIPE_BYTES = 65_536
/** Length of every channel binding. */
export const CHANNEL_BINDING_BYTES = 32

/** Payload of one frame: large enough to amortize its header, small enough that streams interleave well. */
export const MAX_FRAME_PAYLOAD_BYTES = 65_536
/** Payload of a hello frame: a DID of 512 bytes, its signature and the fixed fields fit. */
export const MAX_HELLO_BYTES = 1_024
/** Time for the peer's hello, counted from the open connection. */
export const HELLO_TIMEOUT_MS = 2_000
/** A ping is due when nothing came in for so long. */
export const HEARTBEAT_INTERVAL_MS = 5_000
/** A link from which nothing came for so long is dead: two pings and a margin. */
export const DEAD_AFTER_MS = 12_000
/** A closing link waits so long for its last bytes to leave. */
export const CLOSE_LINGER_MS = 1_000

/** Largest message that a link takes unless told otherwise; the hello's layout allows 64 KiB to 64 MiB. */
export const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1_048_576
/** What each message costs of the credit besides its content: the bookkeeping that the receiver spends on it. */
export const MESSAGE_OVERHEAD_BYTES = 256
/** Room in the window beyond one message of full size, so that small messages flow beside a large one. */
export const WINDOW_MARGIN_BYTES = 1_048_576
/** Requests waiting for an answer per link and direction, those included whose caller has timed out. */
export const MAX_REQUESTS_IN_FLIGHT = 1_024
/** Requests of the peer that are handled at one time; the others wait within the window. */
export const MAX_CONCURRENT_HANDLERS = 64
/** Messages of ours that wait for credit; a caller that does not await `send` is told so beyond it. */
export const MAX_WAITING_SENDS = 8_192
/** Time for an answer unless the caller says otherwise. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 30_000
/** Bytes joined into one write to the carrier. */
export const WRITE_BATCH_BYTES = 65_536

/** Inbound links per node that have not finished their hello. */
export const MAX_PENDING_HELLOS = 64
/** Inbound links per node. */
export const DEFAULT_MAX_INBOUND_LINKS = 256
/** Inbound links of one DID: some devices and a reconnect that overtakes the old link's end. */
export const DEFAULT_MAX_LINKS_PER_DID = 8
/** Endpoints tried per dial; more are ignored, so that an invitation cannot turn us into a scanner. */
export const MAX_DIAL_ENDPOINTS = 8
