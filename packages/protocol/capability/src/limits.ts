/**
 * The limits of the capability layer (spec 07-delegation, clause 7.10), each with its reason.
 *
 * They hold before a signature is checked wherever the number is known by then.
 */

/** Links in a chain unless the executor allows another number: an owner, an organisation, teams, agents, sub-agents. */
export const DEFAULT_MAX_DEPTH = 8
/** The most that an executor can allow: bounds the signatures of one call. */
export const ABSOLUTE_MAX_DEPTH = 16

/** One delegation: a policy of 256 statements with room to spare. */
export const DELEGATION_MAX_BYTES = 65_536
/** All delegations sent along with one call. */
export const CHAIN_MAX_BYTES = 262_144
/** One invocation: an argument may be a whole source file. */
export const INVOCATION_MAX_BYTES = 1_048_576
/** A receipt or a revocation. */
export const STATEMENT_MAX_BYTES = 16_384

/** Policy statements and rules in one delegation, nested ones counted. */
export const MAX_STATEMENTS = 256
/** Nesting of policy statements. */
export const MAX_STATEMENT_DEPTH = 16
/** Characters of one selector. */
export const MAX_SELECTOR_LENGTH = 1_024
/** Segments of one selector. */
export const MAX_SELECTOR_SEGMENTS = 32
/** Roots, values, networks, hosts, paths, ports, programs or options of one rule. */
export const MAX_CHOICES = 256
/** Steps of evaluation (statements, segments, elements, compared values) that one authorization may take. */
export const MAX_EVALUATION_STEPS = 1_000_000
/** Matching or judging a text costs one step for so many UTF-16 units. */
export const TEXT_UNITS_PER_STEP = 16
/** UTF-16 units of a path that `subpath` judges: PATH_MAX of Linux. */
export const MAX_PATH_LENGTH = 4_096
/** UTF-16 units of a URL that `url` judges: what servers commonly take. */
export const MAX_URL_LENGTH = 8_192
/** UTF-16 units that an address with its length can have: 39 of IPv6, a slash, three digits; rounded up. */
export const MAX_ADDRESS_LENGTH = 64
/** Characters of a decimal bound: 30 digits on either side of the point, and some. */
export const MAX_DECIMAL_BOUND_LENGTH = 64
/** Characters of a decimal that `range` judges. */
export const MAX_DECIMAL_LENGTH = 128
/** The exponent of a decimal, up or down: with 128 characters it stays within IEEE 754 doubles. */
export const MAX_DECIMAL_EXPONENT = 100
/** Words of a command line that `argv` judges. */
export const MAX_WORDS = 256
/** Words where the terms name no other number. */
export const DEFAULT_MAX_WORDS = 64
/** UTF-16 units of one word, and of a command line in one text. */
export const MAX_WORD_LENGTH = 4_096
/** Words that name a program: `git log`, and deeper commands of commands. */
export const MAX_PROGRAM_WORDS = 8
/** Operands of a command line that have rules of their own. */
export const MAX_OPERANDS = 64
/** Rules on one word of a command line. */
export const MAX_WORD_RULES = 16
/** UTF-16 units of one pattern. */
export const MAX_PATTERN_LENGTH = 1_024
/** Nesting of parentheses in a pattern. */
export const MAX_PATTERN_DEPTH = 32
/** Size of all patterns of a link, repetitions written out: bounds memory, and the work per character. */
export const MAX_PATTERN_SIZE = 8_192

/** Characters of a command. */
export const MAX_COMMAND_LENGTH = 1_024
/** Segments of a command. */
export const MAX_COMMAND_SEGMENTS = 16

/** JSON text of a call's arguments. */
export const ARGUMENTS_MAX_BYTES = 1_048_576
/** Nesting of a call's arguments: the envelope around them takes 4 of the 32 levels that its decoder allows. */
export const ARGUMENTS_MAX_DEPTH = 24
/** Characters of one number in a call's arguments. */
export const MAX_NUMBER_LENGTH = 1_024

/** Nesting of a bare call: what an envelope of 32 levels leaves to its payload, so that both forms carry the same arguments. */
export const CALL_MAX_DEPTH = 30
/** UTF-16 units of the justification of a call: a paragraph. */
export const MAX_JUSTIFICATION_LENGTH = 1_024

/** Seconds that an invocation lives unless the caller says otherwise; half of the maximum leaves room for skew. */
export const DEFAULT_INVOCATION_LIFETIME_S = 30
/** Seconds that an invocation may still live when it arrives: bounds the replay record. */
export const MAX_INVOCATION_LIFETIME_S = 60
/** Revocations of one issuer that are known, and its list's length: what it revokes beyond ends by itself, or all of an audience. */
export const MAX_REVOCATIONS_PER_ISSUER = 10_000
/** Revocations that are known in all: some 80 MB in memory. */
export const MAX_REVOCATIONS = 200_000

/** The most clock leeway that an executor can state. */
export const MAX_LEEWAY_S = 300
/** Bytes of the nonce that the library asks for. */
export const MIN_NONCE_BYTES = 12
