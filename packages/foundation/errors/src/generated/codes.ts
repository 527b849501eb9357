// Generated from contracts/errors by tools/src/generate.ts; do not edit.

export const ERROR_TABLE = {
  RLP_INVALID: {
    area: 'anchor',
    message: 'the bytes are no canonical RLP: {reason}',
    remedy: 'Fetch the part of the anchor again from another RPC endpoint; a proof with such bytes was altered.',
  },
  ANCHOR_FORM_INVALID: {
    area: 'anchor',
    message: 'the anchor is not acceptable: {reason}',
    remedy: 'Compare it with contracts/spec/25-anchor.md; export it again.',
  },
  ANCHOR_HEADER_INVALID: {
    area: 'anchor',
    message: 'the block header of the anchor is not acceptable: {reason}',
    remedy: 'Fetch the header again from another RPC endpoint, or treat the anchor as false.',
  },
  ANCHOR_RECEIPT_INVALID: {
    area: 'anchor',
    message: 'the receipt of the anchor is not acceptable: {reason}',
    remedy: 'Fetch the receipt again from another RPC endpoint, or treat the anchor as false.',
  },
  ANCHOR_RECEIPT_UNPROVEN: {
    area: 'anchor',
    message: 'the receipt is not in the block of the anchor: {reason}',
    remedy: 'Treat the anchor as false, or export it again.',
  },
  ANCHOR_EVENT_MISMATCH: {
    area: 'anchor',
    message: 'the receipt has no such anchor: {reason}',
    remedy: 'Treat the anchor as false, or export it again.',
  },
  ANCHOR_LEAF_UNPROVEN: {
    area: 'anchor',
    message: 'what is to be anchored is not in the anchored log of logs',
    remedy: 'The anchor is of something else: take the one that belongs to this checkpoint.',
  },
  ANCHOR_ENGINE_MISSING: {
    area: 'anchor',
    message: 'the package {package} is not there',
    remedy: 'Install {package}@{version} beside Talos: anchors need it to talk to a chain; proofs verify without it.',
  },
  ANCHOR_ENDPOINT_FAILED: {
    area: 'anchor',
    message: 'the endpoint {host} did not answer {method}: {reason}',
    remedy: 'Check the URL and the network, or name another RPC endpoint with --rpc.',
  },
  ANCHOR_ENDPOINTS_FAILED: {
    area: 'anchor',
    message: 'only {answers} of {endpoints} RPC endpoints answered, {needed} are needed',
    remedy:
      'Check the URLs and the network, or name further endpoints. The log goes on meanwhile, and anchors catch up.',
  },
  ANCHOR_ENDPOINTS_DISAGREE: {
    area: 'anchor',
    message: 'the RPC endpoints disagree about {what}',
    remedy: 'Wait until they have caught up. If it stays so, one of them is wrong or lies: name others.',
  },
  ANCHOR_CHAIN_MISMATCH: {
    area: 'anchor',
    message: 'the endpoint {host} serves chain {actual}, not {expected}',
    remedy: 'Give the URL of an endpoint of the chain that was named.',
  },
  ANCHOR_CONTRACT_MISSING: {
    area: 'anchor',
    message: 'chain {chainId} has no anchor contract at {contract}',
    remedy: 'Compare the address and the chain, or deploy the contract with: talos anchor init --deploy.',
  },
  ANCHOR_FUNDS: {
    area: 'anchor',
    message: '{address} has {haveWei} wei and needs {needWei}',
    remedy: 'Send funds of this chain to the address, then try again; an agent that runs does so by itself.',
  },
  ANCHOR_FEE_CAP: {
    area: 'anchor',
    message: 'a unit of gas costs {feeWei} wei, more than the limit of {limitWei}',
    remedy: 'Wait until the chain is cheaper, or raise the limit with --max-fee.',
  },
  ANCHOR_GAS_CAP: {
    area: 'anchor',
    message: 'the transaction needs {gas} gas, more than the limit of {limit}',
    remedy: 'Compare the contract and the chain; raise the limit with --max-gas if the chain counts so.',
  },
  ANCHOR_TRANSACTION_REFUSED: {
    area: 'anchor',
    message: 'no endpoint took the transaction',
    remedy: 'Check that the address is used by this agent alone and has funds, then try again: nothing is sent twice.',
  },
  ANCHOR_TRANSACTION_FAILED: {
    area: 'anchor',
    message: 'the transaction {transaction} was carried out and anchored nothing',
    remedy: 'Check that the contract at {contract} is the one of contracts/solidity.',
  },
  ANCHOR_NOT_FINAL: {
    area: 'anchor',
    message: 'the anchor is not final yet ({state})',
    remedy: 'Wait for more confirmations; talos anchor status tells how many there are.',
  },
  ANCHOR_PROOF_UNAVAILABLE: {
    area: 'anchor',
    message: 'the proof of the anchor cannot be built: {reason}',
    remedy:
      'The anchor stands all the same. Another endpoint, or a chain whose blocks are like those of Ethereum, lets it be proven offline.',
  },
  ANCHOR_KEY_INVALID: {
    area: 'anchor',
    message: 'the key for anchors is not acceptable: {reason}',
    remedy: 'Give 64 hexadecimal digits in a file that only its owner can read, or let talos anchor init make a key.',
  },
  ANCHOR_NOT_SET_UP: {
    area: 'anchor',
    message: '{name} does not anchor its log',
    remedy: 'Set it up with: talos anchor init.',
  },
  ANCHOR_CHAIN_UNAVAILABLE: {
    area: 'anchor',
    message: 'the local chain did not start: {reason}',
    remedy:
      'It is there for Linux on x64 with the optional packages of npm, or where the program anvil of Foundry is on the PATH.',
  },
  ANCHOR_OPTION_INVALID: {
    area: 'anchor',
    message: 'the option {option} is not acceptable: {reason}',
    remedy: 'Compare the option with: talos anchor init --help.',
  },
  ANCHOR_ROLLBACK: {
    area: 'anchor',
    message: 'the log of logs has {size} leaves, and {anchored} are anchored already',
    remedy: 'The agent was put back to an older copy. Anchor under another key: talos anchor init --new-key.',
  },
  ANCHOR_FILE_INVALID: {
    area: 'anchor',
    message: 'the file is no anchor',
    remedy: 'Give a file that talos anchor export wrote.',
  },
  ANCHOR_BLOCK_UNKNOWN: {
    area: 'anchor',
    message: 'block {block} of the anchor is not the one that was named',
    remedy: 'Compare the hash with the chain; if it is right, treat the anchor as false.',
  },
  AUDIT_ENTRY_INVALID: {
    area: 'audit',
    message: 'the audit entry is not acceptable: {reason}',
    remedy:
      'Compare the entry with contracts/spec/10-audit-entry.md; an entry that was read so from a log means that the log was altered.',
  },
  AUDIT_COMMITMENT_MISMATCH: {
    area: 'audit',
    message: 'the disclosed value for {path} is not the one that was committed to',
    remedy: 'Ask for the salt and the value again; otherwise treat the disclosure as false.',
  },
  AUDIT_SALT_ERASED: {
    area: 'audit',
    message: 'the salt of entry {index} was erased or never existed',
    remedy: 'The entry stays provable, but its values can no longer be disclosed.',
  },
  AUDIT_RANGE: {
    area: 'audit',
    message: "{name} is {value}, outside of the log's {size} entries",
    remedy: "Use an index below the log's size and a size up to it.",
  },
  AUDIT_BATCH_TOO_LARGE: {
    area: 'audit',
    message: '{count} entries were given at once, more than the limit of {limit}',
    remedy: 'Append them in several batches.',
  },
  AUDIT_QUEUE_FULL: {
    area: 'audit',
    message: '{count} entries wait to be written, the limit is {limit}',
    remedy: 'Wait for earlier appends to finish; the disk may be too slow or full.',
  },
  AUDIT_APPEND_FAILED: {
    area: 'audit',
    message: 'the entries could not be written for certain (stored: {stored})',
    remedy:
      'Check the disk. With stored: no, append again; with yes they are in the log; with unknown, look before appending again.',
  },
  AUDIT_STORE_FAILED: {
    area: 'audit',
    message: 'the audit store failed to {operation}',
    remedy: "Check that the disk has room and that the agent's folder can be written.",
  },
  AUDIT_STORE_CONFLICT: {
    area: 'audit',
    message: 'the log was changed by another writer: {expected} entries were expected, {actual} found',
    remedy: 'Only one process may write a log; close the other one, then open the log again.',
  },
  AUDIT_CLOSED: { area: 'audit', message: 'the audit log is closed', remedy: 'Open it again before using it.' },
  AUDIT_CORRUPT: {
    area: 'audit',
    message: 'the audit log is damaged at entry {index} ({part})',
    remedy:
      'Leave the files as they are and put the newest sound copy in their place. Where there is none, the agent goes on with a new log, from a backup of its identity (talos identity backup), which can be made now: docs/crash-safety.md, When a log refuses.',
  },
  AUDIT_ROLLBACK: {
    area: 'audit',
    message: 'the audit log does not hold what was last signed of it (entries: {size}): {reason}',
    remedy:
      'It was replaced, cut or set back, and opens for reading only. Put the newest copy in its place. Where there is none, the agent goes on with a new log, from a backup of its identity (talos identity backup), which can be made now: docs/crash-safety.md, When a log refuses.',
  },
  AUDIT_OTHER_LOG: {
    area: 'audit',
    message: 'the store holds another log: its {part} differs',
    remedy: 'Open the log with the identity, the log key and the origin that it was made with.',
  },
  AUDIT_CHECKPOINT_FAILED: {
    area: 'audit',
    message: 'the checkpoint of {size} entries was not released: {reason}',
    remedy: 'Check the disk and the log key, then ask for the checkpoint again.',
  },
  CAPABILITY_PROOF_INVALID: {
    area: 'authorize',
    message: 'the proof of the call is not by its caller: {reason}',
    remedy: 'Prove the call with the session in which it is sent, or sign it.',
  },
  CAPABILITY_PROOF_LEVEL: {
    area: 'authorize',
    message: '{what} asks for a proof by {needed}, and the call brings one by {given}',
    remedy: 'Send the call again with the proof that is asked for.',
  },
  CAPABILITY_STALE: {
    area: 'authorize',
    message:
      'what is known of revocations by the issuer of delegation {link} is {state}; at most {limitS} seconds are accepted',
    remedy: 'Connect to that issuer, or to somebody who has its newest list, and call again.',
  },
  CAPABILITY_EPOCH: {
    area: 'authorize',
    message: 'the call was made for an earlier start of the executor',
    remedy: 'Ask the executor for its current epoch and make the call again with a fresh nonce.',
  },
  CAPABILITY_JUSTIFICATION: {
    area: 'authorize',
    message: 'the tool is of high risk, and the call gives no justification of 1 to {limit} characters',
    remedy: 'Make the call again with the reason for it.',
  },
  CAPABILITY_APPROVAL: {
    area: 'authorize',
    message: '{what} asks for {needed} approvals of this very call, and {given} count',
    remedy: 'Have the named approvers sign this exact call, and send their approvals along.',
  },
  CAPABILITY_KEY: {
    area: 'authorize',
    message: 'the key of {what} is {standing}',
    remedy: 'Ask for a new delegation, or make the call again, by a key that its owner uses now.',
  },
  CAPABILITY_POLICY_DENIED: {
    area: 'authorize',
    message: "the executor's own policy denies the call: {reasons}",
    remedy: 'Only the executor can change its policy; the capability itself allows the call.',
  },
  CAPABILITY_UNMETERED: {
    area: 'authorize',
    message: 'delegation {link} sets limits, and there are no counters to hold it to them',
    remedy: 'Give the authorizer a meter.',
  },
  CAPABILITY_DENIED: {
    area: 'capability',
    message: 'the call is not allowed',
    remedy: 'Read the causes underneath: each names what is wrong with the call or with the permission.',
  },
  CAPABILITY_CHAIN_INVALID: {
    area: 'capability',
    message: 'the chain of delegations gives no authority',
    remedy: 'Read the causes underneath, then ask the issuer of the failing link for a new one.',
  },
  CAPABILITY_LIMIT: {
    area: 'capability',
    message: '{what} is {actual}, more than the limit of {limit}',
    remedy: 'Send a smaller call or a shorter chain; the limits are named in the specification page 07-delegation.',
  },
  CAPABILITY_INVOCATION_INVALID: {
    area: 'capability',
    message: 'the invocation cannot be read',
    remedy: 'Build the call again with the current version; the cause underneath names the place.',
  },
  CAPABILITY_DELEGATION_INVALID: {
    area: 'capability',
    message: 'delegation {link} of the chain cannot be read',
    remedy: 'Ask its issuer to issue it again with the current version; the cause underneath names the place.',
  },
  CAPABILITY_SIGNATURE: {
    area: 'capability',
    message: 'the signature of {what} is not by its issuer',
    remedy: 'Do not use it: it was changed on the way or signed by another key. Ask its issuer for it again.',
  },
  CAPABILITY_AUDIENCE: {
    area: 'capability',
    message: 'the invocation is addressed to another executor',
    remedy: 'Address the call to the agent that runs it.',
  },
  CAPABILITY_SUBJECT: {
    area: 'capability',
    message: '{what} is about another subject than the one asked for',
    remedy: 'Use a delegation that its owner issued for this very tool box.',
  },
  CAPABILITY_MISSING: {
    area: 'capability',
    message: 'the caller shows no capability for this subject',
    remedy: 'Ask the owner of the tools for a grant, and send it along with the call.',
  },
  CAPABILITY_PROOF_MISSING: {
    area: 'capability',
    message: 'delegation {link} of the chain is named but was not sent along',
    remedy: 'Send every delegation that the call names.',
  },
  CAPABILITY_PROOF_DUPLICATE: {
    area: 'capability',
    message: 'delegation {link} stands in the chain twice',
    remedy: 'Name each delegation once, from the root to the caller.',
  },
  CAPABILITY_DELEGATION: {
    area: 'capability',
    message: 'delegation {link} does not continue the chain: {reason}',
    remedy: 'Order the chain from the root to the caller; each link must be issued by the audience of the one before.',
  },
  CAPABILITY_DEPTH: {
    area: 'capability',
    message: 'delegation {link} allows {allowed} further links and {actual} follow',
    remedy: 'Ask for a grant nearer to the root, or for one that may be passed on further.',
  },
  CAPABILITY_EXPIRED: {
    area: 'capability',
    message: '{what} ended {secondsAgo} seconds ago',
    remedy: "Ask its issuer for a new one, and check this machine's clock.",
  },
  CAPABILITY_NOT_YET_VALID: {
    area: 'capability',
    message: '{what} begins in {seconds} seconds',
    remedy: "Wait until it begins, and check this machine's clock.",
  },
  CAPABILITY_LIFETIME: {
    area: 'capability',
    message: 'the invocation does not end within {limitS} seconds',
    remedy: "Set an end of at most that many seconds from now, and check the caller's clock.",
  },
  CAPABILITY_REVOKED: {
    area: 'capability',
    message: 'delegation {link} was revoked',
    remedy: 'The permission was taken back. Ask its issuer whether a new one will be given.',
  },
  CAPABILITY_SCOPE: {
    area: 'capability',
    message: 'delegation {link} does not cover this command',
    remedy: 'Ask for a grant of this tool; the ones at hand cover others.',
  },
  CAPABILITY_CALL_MISMATCH: {
    area: 'capability',
    message: 'the signed {what} is not the one of the call',
    remedy: 'Sign the call that is sent: the same tool and exactly the same arguments.',
  },
  CAPABILITY_ARGUMENTS: {
    area: 'capability',
    message: 'delegation {link} does not allow these arguments',
    remedy: 'Change the arguments as the causes underneath say.',
  },
  CAPABILITY_ARGUMENT: {
    area: 'capability',
    message: '{argument} {requirement}',
    remedy: 'Change this argument, or ask for a grant that allows the value.',
  },
  CAPABILITY_ARGUMENT_UNKNOWN: {
    area: 'capability',
    message: '{argument} is not among the arguments that the grant names',
    remedy: 'Leave the argument out, or ask for a grant that names it.',
  },
  CAPABILITY_ARGUMENT_ABSENT: {
    area: 'capability',
    message: '{argument} is named by the grant and absent from the call',
    remedy: 'Add the argument.',
  },
  CAPABILITY_UNKNOWN_TOOL: {
    area: 'capability',
    message: 'there is no such tool here',
    remedy: 'List the tools again; the name may have changed.',
  },
  CAPABILITY_REPLAY: {
    area: 'capability',
    message: 'this very invocation was used before',
    remedy: 'Sign a new invocation for each call, with a fresh nonce.',
  },
  CAPABILITY_REPLAY_FULL: {
    area: 'capability',
    message: 'the record of used invocations is full',
    remedy: 'Wait until earlier calls have ended, then call again with a new invocation.',
  },
  CAPABILITY_COMMAND_INVALID: {
    area: 'capability',
    message: 'the command is not acceptable: {reason}',
    remedy: 'Write it as lower-case segments behind slashes, such as /mcp/git/tool/git_log.',
  },
  CAPABILITY_POLICY_INVALID: {
    area: 'capability',
    message: 'the rules are not acceptable at {path}: {reason}',
    remedy: 'Compare the rule with the specification page 07-delegation.',
  },
  CAPABILITY_ARGUMENTS_INVALID: {
    area: 'capability',
    message: 'the arguments cannot be signed: {reason}',
    remedy: 'Send one JSON object with unique member names and well-formed text.',
  },
  CAPABILITY_OPTION_INVALID: {
    area: 'capability',
    message: '{option} is not acceptable: {reason}',
    remedy: 'Correct the value in the call of the library.',
  },
  RECEIPT_INVALID: {
    area: 'capability',
    message: 'the receipt is not acceptable: {reason}',
    remedy: 'Ask the executor for the receipt again.',
  },
  CLI_USAGE: {
    area: 'cli',
    message: 'the command line is not understood: {reason}',
    remedy: 'Run talos help, or the command with --help.',
  },
  CLI_OPTION_INVALID: {
    area: 'cli',
    message: '{option} is not acceptable: {reason}',
    remedy: "Correct the value; the command's --help has examples.",
  },
  CLI_AGENT_NONE: {
    area: 'cli',
    message: 'there is no agent in {home}',
    remedy: 'Create one with talos init NAME, or point --home or TALOS_HOME to the folder that holds it.',
  },
  CLI_AGENT_AMBIGUOUS: {
    area: 'cli',
    message: '{count} agents live in {home} and none was named',
    remedy: 'Name one with --agent or TALOS_AGENT.',
  },
  CLI_FILE_UNREADABLE: {
    area: 'cli',
    message: 'cannot read {path}: {reason}',
    remedy: 'Check the path and its permissions.',
  },
  CLI_FILE_UNWRITABLE: {
    area: 'cli',
    message: 'cannot write {path}: {reason}',
    remedy: 'Choose a path that does not exist yet, in a folder that you may write to, on a disk with room.',
  },
  CLI_FILE_TOO_LARGE: {
    area: 'cli',
    message: '{path} is larger than the limit of {limitBytes} bytes',
    remedy: 'Check that this is the file you meant.',
  },
  CLI_PASSPHRASE_MISMATCH: {
    area: 'cli',
    message: 'the two passphrases differ',
    remedy: 'Run the command again and type the same passphrase twice.',
  },
  CLI_CANCELLED: {
    area: 'cli',
    message: 'cancelled',
    remedy: 'Nothing was changed; run the command again when ready.',
  },
  CLI_NOT_CONFIRMED: {
    area: 'cli',
    message: '{command} cannot be taken back, and was not confirmed',
    remedy: 'Run it again with --yes, or answer yes on a terminal.',
  },
  CLI_ENTRY_UNKNOWN: {
    area: 'cli',
    message: 'no entry of the log has that hash',
    remedy: 'Copy the 64 hex digits whole, as talos audit log --json shows them.',
  },
  CLI_NOTHING_SIGNED: {
    area: 'cli',
    message: 'no checkpoint of this log was ever signed, so that nothing can be proven',
    remedy: 'Run it again with --sign, or run talos audit root --sign first.',
  },
  CLI_EXPORT_UNREADABLE: {
    area: 'cli',
    message: 'line {line} is not of an export that can be verified: {reason}',
    remedy: 'Export again with --include-proofs; CSV and exports without proofs verify nothing.',
  },
  CLI_EXPORT_INVALID: {
    area: 'cli',
    message: 'line {line} of the export does not verify: {reason}',
    remedy: "Do not rely on this export; ask for another one, and for the log's checkpoint from somewhere else.",
  },
  CLI_EVIDENCE_NONE: {
    area: 'cli',
    message: 'there is no evidence of a fork to write',
    remedy: 'List what there is with: talos audit witness forks.',
  },
  CLI_NO_SERVER: {
    area: 'cli',
    message: '{count} servers are possible and none was named',
    remedy: "Give the server's name after the peer: talos mcp connect PEER SERVER.",
  },
  CLI_NOT_RUNNING: {
    area: 'cli',
    message: 'no process runs the agent {name}, and only that process knows which calls wait for approvals',
    remedy: 'Run it when the agent is running: talos mcp connect, talos mcp serve, talos listen.',
  },
  CLI_APPROVAL_UNKNOWN: {
    area: 'cli',
    message: 'no call of that digest waits for an approval here',
    remedy: 'Copy the 64 hex digits whole, as talos capabilities approvals shows them; a restart forgets what waited.',
  },
  CLI_UNEXPECTED: {
    area: 'cli',
    message: 'an unexpected failure ({kind})',
    remedy: 'Run again with TALOS_DEBUG=1 and report what it prints.',
  },
  CONTROL_UNREACHABLE: {
    area: 'cli',
    message: 'another process runs the agent {name} and takes no requests',
    remedy: 'Stop that process, or wait until it ends, and run the command again.',
  },
  CONTROL_SOCKET: {
    area: 'cli',
    message: 'the control socket cannot be used: {reason}',
    remedy: 'Choose a shorter TALOS_HOME, and check that the temporary folder belongs to you alone.',
  },
  CONTROL_INVALID: {
    area: 'cli',
    message: 'what came over the control socket is not acceptable: {reason}',
    remedy: 'Use the same version of talos in both terminals.',
  },
  CONTROL_BUSY: {
    area: 'cli',
    message: 'the process that runs the agent has more than {limit} requests open',
    remedy: 'Wait and run the command again.',
  },
  CONTROL_REFUSED: {
    area: 'cli',
    message: 'the process that runs the agent could not do it',
    remedy: 'Look at what that process wrote to its terminal.',
  },
  PASSPHRASE_MISSING: {
    area: 'client',
    message: "the agent's passphrase is not given",
    remedy:
      'Set TALOS_PASSPHRASE, or name a file with --passphrase-file; a program passes the passphrase in its options.',
  },
  CLIENT_CLOSED: { area: 'client', message: 'the agent is closed', remedy: 'Open the agent again.' },
  PEER_UNKNOWN: {
    area: 'client',
    message: "nothing is known of the peer's whereabouts",
    remedy: "Add the peer's invitation first, or wait until the peer connects.",
  },
  PEER_IS_SELF: {
    area: 'client',
    message: 'the peer is this agent itself',
    remedy: 'Use an invitation of another agent.',
  },
  SESSION_MISSING: {
    area: 'client',
    message: 'there is no session with the peer',
    remedy: "Call establishSession with the peer's prekey bundle first.",
  },
  PEER_REFUSED: {
    area: 'client',
    message: 'the peer did not accept it: {peerCode}',
    remedy: "Look up the peer's code in contracts/errors, and ask the peer's owner.",
  },
  FRAME_INVALID: {
    area: 'client',
    message: 'a sealed frame is not acceptable: {reason}',
    remedy: 'Update the older of the two sides; see contracts/spec/15-frames.md.',
  },
  FRAME_TOO_LARGE: {
    area: 'client',
    message: 'the frame has {sizeBytes} bytes, more than the limit of {limitBytes}',
    remedy: 'Send less at once.',
  },
  CHANNEL_CLOSED: {
    area: 'client',
    message: 'the channel is closed: {reason}',
    remedy: 'Open a new channel; calls that were pending had no effect that is known here.',
  },
  CHANNEL_LIMIT: {
    area: 'client',
    message: 'more than {limit} channels with one peer',
    remedy: 'Close channels that are not used.',
  },
  MESSAGE_NOT_RECORDED: {
    area: 'client',
    message: "the agent's audit log has no such message: its level {level} leaves messages out",
    remedy: 'Open the agent with the audit level standard; messages from then on can be proven.',
  },
  AUDIT_LEVEL_INVALID: {
    area: 'client',
    message: 'the audit level of the agent {name} is none of minimal, standard and verbose',
    remedy:
      "Write one of them into the file audit.level of the agent's folder, or open the agent with the option auditLevel.",
  },
  MESSAGE_UNKNOWN: {
    area: 'client',
    message: 'no entry of the log has that hash',
    remedy: 'Give the messageHash that send returned, of this agent.',
  },
  MERKLE_PROOF_INVALID: {
    area: 'client',
    message: 'the proof does not hold: {reason}',
    remedy: 'Do not trust the claim; ask the agent for a new proof.',
  },
  GRANT_UNKNOWN: {
    area: 'client',
    message: 'no capability with that CID is known here',
    remedy: 'List the capabilities and copy the CID whole.',
  },
  GRANT_NOT_RENEWABLE: {
    area: 'client',
    message: 'the capability is not renewed: {reason}',
    remedy: 'Give a new one; a lease says how often it may be renewed.',
  },
  APPROVAL_REQUEST_INVALID: {
    area: 'client',
    message: 'the request for an approval is not usable: {reason}',
    remedy: 'Ask the caller for it again.',
  },
  PROOF_UNSIGNED: {
    area: 'client',
    message: 'the call was not signed, so that nobody but its executor can be held to it: proven by {level}',
    remedy: 'Have the tool ask for the proof signature where calls are to be proven to others.',
  },
  GRANT_NOT_DELEGABLE: {
    area: 'client',
    message: 'the capability is not passed on: {reason}',
    remedy: 'Ask its issuer for one that covers the tool and allows further links (grant --depth).',
  },
  GRANT_NOT_OURS: {
    area: 'client',
    message: 'the capability is not for this agent, or not by it: {reason}',
    remedy: "Ask the owner for a capability whose audience is this agent's DID.",
  },
  SESSION_UNCONFIRMED: {
    area: 'client',
    message: 'the session is not confirmed by its initiator yet',
    remedy: 'Retry after the first exchange on the session.',
  },
  SESSION_FROZEN: {
    area: 'client',
    message: 'the session seals nothing any more: it is lost at one of the two sides',
    remedy: 'Wait until a new session is there; it is begun when the two sides are linked.',
  },
  RECEIPT_MISMATCH: {
    area: 'client',
    message: 'the receipt does not fit the call: {reason}',
    remedy: "Do not rely on the result; keep the evidence and ask the executor's owner.",
  },
  EVIDENCE_MISSING: {
    area: 'client',
    message: 'the evidence of the call is not complete: {missing}',
    remedy: 'Connect to the executor and export again.',
  },
  EVIDENCE_OUTDATED: {
    area: 'client',
    message: 'what the executor gave as evidence of the call was signed by a key that counts no more',
    remedy:
      'Connect to the executor and export again: it changed its keys since, and has to name the key of its log anew.',
  },
  REQUEST_TIMEOUT: {
    area: 'client',
    message: 'the peer did not answer within {timeoutMs} ms',
    remedy: 'Check that the peer runs, and retry.',
  },
  PEER_QUOTA: {
    area: 'client',
    message: 'no more than {limit} {what}',
    remedy: 'Wait, or ask the peer why it sends so many.',
  },
  PROOF_OF_LIST: {
    area: 'client',
    message: 'the invocation lists tools, and a proof bundle is about one call',
    remedy: 'Export the invocation of a tools/call; the list itself stands in both logs.',
  },
  DEMO_STEP_FAILED: {
    area: 'demo',
    message: '{agent} could not {step}: {code}: {why}',
    remedy: 'Look the inner code up in contracts/errors; talos doctor shows what this machine lacks.',
  },
  DEMO_UNEXPECTED: {
    area: 'demo',
    message: '{step}: expected {expected}, got {actual}',
    remedy: 'This is a defect of Talos or of its installation; run npm test and report the failing case.',
  },
  DEMO_SERVER_MISSING: {
    area: 'demo',
    message: 'the MCP server @modelcontextprotocol/server-filesystem is not installed',
    remedy: 'Run npm ci in the repository.',
  },
  ENCODING_INVALID: {
    area: 'encoding',
    message: 'the text is not valid {encoding}',
    remedy: 'Check that the value was copied whole and uses the stated alphabet without padding or spaces.',
  },
  CBOR_INVALID: {
    area: 'encoding',
    message: 'the bytes are not deterministic DAG-CBOR: {reason}',
    remedy:
      'The sender must encode with sorted keys, shortest lengths, no floats, no indefinite items and no trailing bytes.',
  },
  JSON_INVALID: {
    area: 'encoding',
    message: 'the text is not acceptable JSON: {reason}',
    remedy: 'Send RFC 8785 JSON with unique names and integers within 2^53.',
  },
  INPUT_TOO_LARGE: {
    area: 'encoding',
    message: 'the input has {sizeBytes} bytes, more than the limit of {limitBytes}',
    remedy: 'Split the input or raise the limit where it is configurable.',
  },
  INPUT_TOO_DEEP: {
    area: 'encoding',
    message: 'the input nests deeper than the limit of {limit}',
    remedy: 'Flatten the value.',
  },
  CID_INVALID: {
    area: 'encoding',
    message: 'the value is not a CIDv1 of DAG-CBOR with SHA-256',
    remedy: 'Use a CID that begins with bafyrei.',
  },
  SCHEMA_INVALID: {
    area: 'encoding',
    message: '{schema} is malformed at {path}: {reason}',
    remedy: 'Compare the value with the schema of that name in contracts/schemas.',
  },
  LAYOUT_INVALID: {
    area: 'encoding',
    message: '{layout} is malformed at {field}: {reason}',
    remedy: 'Compare the bytes with the layout of that name in contracts/schemas.',
  },
  SECRET_DISPOSED: {
    area: 'encoding',
    message: 'the secret was already erased',
    remedy: 'Use the secret before it is disposed, or load it again.',
  },
  AUDIT_FIELD_UNKNOWN: {
    area: 'fields',
    message: 'the {name} of the call have no part of their own at this pointer',
    remedy:
      'Use a pointer to one of the parts that were committed to; values of more than 256 parts are committed to in larger pieces.',
  },
  AUDIT_FIELD_INVALID: {
    area: 'fields',
    message: 'the opening of a part is not acceptable: {reason}',
    remedy: 'Compare it with contracts/spec/10-audit-entry.md, clause 10.8; treat the disclosure as false.',
  },
  DISCLOSURE_CHOICE: {
    area: 'fields',
    message: '{choice} of the call cannot be shown: {reason}',
    remedy: 'Name parts as arguments:/name or output:/content/0/text; talos proof show lists what a proof holds.',
  },
  DISCLOSURE_DISAGREES: {
    area: 'fields',
    message: 'the executor committed to other parts of the {name} than this agent sent and got',
    remedy: "The executor's log contradicts what it sent; keep the evidence of the call and ask it why.",
  },
  DID_INVALID: {
    area: 'identity',
    message: 'the value is not a did:key of an Ed25519 key: {reason}',
    remedy: 'Use a DID that begins with did:key:z6Mk and was copied whole.',
  },
  DID_DOCUMENT_INVALID: {
    area: 'identity',
    message: 'the DID document is not acceptable: {reason}',
    remedy: 'Ask its owner for the document that their agent publishes.',
  },
  SIGNER_FAILED: {
    area: 'identity',
    message: 'the signer did not return a signature: {reason}',
    remedy:
      'Check that the keychain, KMS or HSM behind the signer is reachable and holds the Ed25519 key of this agent.',
  },
  ENVELOPE_MALFORMED: {
    area: 'identity',
    message: 'the signed envelope has the wrong shape: {reason}',
    remedy: 'The sender must use the envelope of the specification page 04-envelope.',
  },
  ENVELOPE_HEADER: {
    area: 'identity',
    message: "the envelope's signature header is not the one of Ed25519 over DAG-CBOR",
    remedy: 'Sign with Ed25519 and the header 3401ed01ed011371.',
  },
  ENVELOPE_TAG: {
    area: 'identity',
    message: 'the envelope carries another payload type than one of: {accepted}',
    remedy: 'Check that this is the kind of object asked for, and that both sides run the same version.',
  },
  ENVELOPE_ISSUER: {
    area: 'identity',
    message: "the envelope's issuer is not a did:key of an Ed25519 key",
    remedy: 'The payload must name its signer in the member iss.',
  },
  ENVELOPE_SIGNATURE: {
    area: 'identity',
    message: "the envelope's signature is not by its issuer",
    remedy: 'Do not use the object: it was changed on the way or signed by another key. Ask its issuer for it again.',
  },
  KEY_FILE_INVALID: {
    area: 'identity',
    message: 'the key file is damaged or was changed: {reason}',
    remedy: "Restore the key file from a backup; the agent's keys exist nowhere else.",
  },
  PASSPHRASE_WRONG: {
    area: 'identity',
    message: 'the passphrase does not open the file',
    remedy:
      'Try again with the one that was given when it was made: of an agent when it was created, of a backup its own.',
  },
  PASSPHRASE_UNUSABLE: {
    area: 'identity',
    message: 'the passphrase is empty, longer than {limit} characters, or not valid Unicode',
    remedy: 'Choose a passphrase of several words.',
  },
  KEY_FILE_PARAMETERS: {
    area: 'identity',
    message: "the key file's parameter {name} is outside {minimum} to {maximum}",
    remedy: 'Use the default parameters; a file with others was not written by this version.',
  },
  LOG_KEY_DELEGATION_INVALID: {
    area: 'identity',
    message: "the delegation of the audit log's key is not acceptable: {reason}",
    remedy: "Ask the log's owner for the delegation that is entry 0 of the log.",
  },
  INVITATION_INVALID: {
    area: 'identity',
    message: 'the invitation is not acceptable: {reason}',
    remedy: 'Copy the whole text, from talos1: to its end, or ask for a new invitation.',
  },
  INVITATION_EXPIRED: {
    area: 'identity',
    message: 'the invitation ended {secondsAgo} seconds ago',
    remedy: "Ask for a new invitation, and check this machine's clock.",
  },
  TRANSPORT_BINDING_INVALID: {
    area: 'identity',
    message: 'the peer did not prove its identity on this connection: {reason}',
    remedy: 'Close the connection: the peer is not who the invitation names, or somebody sits in between.',
  },
  KERNEL_ARGUMENT: {
    area: 'kernel',
    message: '{argument} has {lengthBytes} bytes where {expectedBytes} are due',
    remedy: 'Pass the argument with the length that the kernel interface states.',
  },
  KERNEL_PARAMETER: {
    area: 'kernel',
    message: '{parameter} is {value}, outside {minimum} to {maximum}',
    remedy: 'Choose a value inside the stated range.',
  },
  KERNEL_KEY_INVALID: {
    area: 'kernel',
    message: '{argument} is not a valid key',
    remedy: 'Ask the peer for a freshly made key; this one fails the checks of its algorithm.',
  },
  KERNEL_AUTHENTICATION: {
    area: 'kernel',
    message: 'the ciphertext is not authentic',
    remedy: 'Drop the message: it was changed on the way, or sealed under another key.',
  },
  KERNEL_PADDING: {
    area: 'kernel',
    message: 'the message is authentic and its padding has no end',
    remedy: 'Drop the message and report it to the peer: its sender breaks the rules of padding.',
  },
  KERNEL_LOW_ORDER: {
    area: 'kernel',
    message: 'the key agreement yields the all-zero secret',
    remedy: "Refuse the peer's key: it has low order and contributes nothing to the secret.",
  },
  KERNEL_RESOURCES: {
    area: 'kernel',
    message: 'the key derivation from the passphrase could not run with {memoryKib} KiB of memory',
    remedy: 'Free memory on this machine, or choose a smaller memory cost.',
  },
  KERNEL_UNAVAILABLE: {
    area: 'kernel',
    message: 'the {backend} kernel is not available: {reason}',
    remedy: 'Build it with npm run native, or unset TALOS_KERNEL.',
  },
  KERNEL_INTERNAL: {
    area: 'kernel',
    message: 'the native kernel failed in {operation}',
    remedy: 'Set TALOS_KERNEL to portable, and report the platform and the operation: this is a fault of the module.',
  },
  KERNEL_CHOICE: {
    area: 'kernel',
    message: 'TALOS_KERNEL names no kernel',
    remedy: 'Set TALOS_KERNEL to portable or native, or unset it.',
  },
  KERNEL_SELF_TEST: {
    area: 'kernel',
    message: 'the {backend} kernel gives a wrong answer for {check}',
    remedy: 'Do not use this installation; reinstall it, and report the platform when the fault stays.',
  },
  DID_SYNTAX: {
    area: 'keylog',
    message: 'the value is not a DID: {reason}',
    remedy: 'Copy the DID whole; it begins with did: and has no blanks.',
  },
  DID_LOCATION_INVALID: {
    area: 'keylog',
    message: 'the DID does not name a place on the web: {reason}',
    remedy: 'A did:web or did:webvh names a host by its domain name, with a port and path segments at most.',
  },
  DID_METHOD_UNSUPPORTED: {
    area: 'keylog',
    message: 'DIDs of this method are not resolved here',
    remedy: 'Use a DID of one of the methods did:key, did:web, did:webvh and did:talos.',
  },
  DID_NOT_FOUND: {
    area: 'keylog',
    message: 'nothing is known about the DID: {reason}',
    remedy: 'Check the DID, and ask its owner where its log or document lies.',
  },
  DID_ADDRESS_REFUSED: {
    area: 'keylog',
    message: 'the host of the DID has an address that is not on the public internet',
    remedy: 'Publish the DID on a public host, or allow private addresses in the resolver of a closed network.',
  },
  DID_FETCH_FAILED: {
    area: 'keylog',
    message: 'the document of the DID could not be fetched: {reason}',
    remedy: 'Try again later; when it stays so, tell the owner of the DID.',
  },
  DATA_INTEGRITY_INVALID: {
    area: 'keylog',
    message: 'the data integrity proof is not acceptable: {reason}',
    remedy: 'Do not use the document: it was changed, or signed in another way than eddsa-jcs-2022.',
  },
  KEY_LOG_MALFORMED: {
    area: 'keylog',
    message: 'the key log is not in the form of did:webvh 1.0: {reason}',
    remedy: 'Ask the owner of the DID for the whole log as it was written.',
  },
  KEY_LOG_LIMIT: {
    area: 'keylog',
    message: 'the key log exceeds a limit: {what} may be {limit} at most',
    remedy: 'Logs this large are not read. Ask the owner of the DID for another identity.',
  },
  KEY_LOG_METHOD: {
    area: 'keylog',
    message: 'entry {entry} of the key log is of a version of did:webvh that is not known here',
    remedy: 'Only did:webvh:1.0 is read. Use a newer Talos, where there is one.',
  },
  KEY_LOG_PARAMETERS: {
    area: 'keylog',
    message: 'entry {entry} of the key log has parameters that are not acceptable: {reason}',
    remedy: 'Do not trust the log beyond the entry before. Its owner has to publish a correct one.',
  },
  KEY_LOG_VERSION: {
    area: 'keylog',
    message: 'entry {entry} of the key log does not have the version that belongs there',
    remedy: 'Do not trust the log: entries are missing, doubled or in another order.',
  },
  KEY_LOG_TIME: {
    area: 'keylog',
    message: 'entry {entry} of the key log has a time that is not acceptable: {reason}',
    remedy: "Check this machine's clock. If that is right, do not trust the log.",
  },
  KEY_LOG_SCID: {
    area: 'keylog',
    message: 'the first entry of the key log does not hash to the identifier in it',
    remedy: 'Do not trust the log: it is not the one that the DID was made from.',
  },
  KEY_LOG_HASH: {
    area: 'keylog',
    message: 'entry {entry} of the key log does not hash to its version',
    remedy: 'Do not trust the log: the entry was changed after it was signed.',
  },
  KEY_LOG_DOCUMENT: {
    area: 'keylog',
    message: 'entry {entry} of the key log holds a document that is not of this log: {reason}',
    remedy: 'Do not trust the log: it speaks for another DID than its own.',
  },
  KEY_LOG_PROOF: {
    area: 'keylog',
    message: 'entry {entry} of the key log is not signed as it must be: {reason}',
    remedy: 'Do not trust the log: the entry is not by the owner of the DID.',
  },
  KEY_LOG_DEACTIVATED: {
    area: 'keylog',
    message: 'the key log ended with entry {entry}; nothing can follow',
    remedy: 'The identity was given up. Its owner has to make another one.',
  },
  KEY_LOG_WITNESS: {
    area: 'keylog',
    message: 'entry {entry} of the key log is approved by {have} of its witnesses and needs {need}',
    remedy: 'Do not trust the entry until its witnesses have approved it.',
  },
  KEY_LOG_OTHER: {
    area: 'keylog',
    message: 'the key log is not the one of the DID that was asked for',
    remedy: 'Whoever sent it answered with a log of another identity. Ask somebody else.',
  },
  KEY_LOG_ROLLBACK: {
    area: 'keylog',
    message: 'the key log has {offered} entries, and {known} of it are known already',
    remedy: 'Do not use it: an old state is shown. Ask another source for the newest log.',
  },
  KEY_LOG_FORK: {
    area: 'keylog',
    message: 'the key log differs from the one that is known already, from entry {entry} on',
    remedy:
      'Do not use it: two histories of one identity are in circulation. Tell its owner, and keep both logs as evidence.',
  },
  KEY_LOG_CHANGE: {
    area: 'keylog',
    message: 'the key log cannot be changed so: {reason}',
    remedy: 'Check the keys and values given for the new entry against the newest entry of the log.',
  },
  KEY_FILE_SIGNER: {
    area: 'lifecycle',
    message: 'the identity key of this agent is held by {holder}',
    remedy: 'Open the agent with the signer that holds its key, or without one where the key file has it.',
  },
  IDENTITY_LOG_MISSING: {
    area: 'lifecycle',
    message: 'the key log of agent {name} is missing or belongs to another agent: {reason}',
    remedy:
      'Put back did.jsonl from a backup or from a peer that knows the agent; the agent must not begin a second log.',
  },
  IDENTITY_CONFLICT: {
    area: 'lifecycle',
    message: 'the key {did} belongs to another key log than {id}',
    remedy: 'A key belongs to the log that named it first. Ask the owner of the key which log is theirs.',
  },
  IDENTITY_DEACTIVATED: {
    area: 'lifecycle',
    message: 'this agent was deactivated: it signs and seals nothing any more',
    remedy: 'Make a new agent with talos init; a deactivation cannot be taken back.',
  },
  IDENTITY_RECOVERY: {
    area: 'lifecycle',
    message: 'the identity cannot be recovered with these keys: {reason}',
    remedy:
      'Give the newest key log of the agent, such as did.jsonl of a peer or of its web site, and the backup that holds its recovery key.',
  },
  PEER_MOVED: {
    area: 'lifecycle',
    message: 'the peer has another key now: {to}',
    remedy: "Use the peer's new DID; what waited for the peer goes there by itself.",
  },
  PEER_DEACTIVATED: {
    area: 'lifecycle',
    message: 'the peer was deactivated by its owner',
    remedy: 'Nothing can be sent to it any more. Ask its owner for the agent that took its place.',
  },
  PEER_KEY_OUTDATED: {
    area: 'lifecycle',
    message: 'the peer proved a key that its owner has replaced',
    remedy: 'It is an old copy of the agent, or somebody who has its old key. Connect to the current one.',
  },
  BACKUP_INVALID: {
    area: 'lifecycle',
    message: 'the backup is damaged or was changed: {reason}',
    remedy: 'Use another copy of the backup file.',
  },
  RESTORE_UNFINISHED: {
    area: 'lifecycle',
    message: 'agent {name} is being restored, and what its backup holds is not there yet',
    remedy: 'Run the same restore or recover command again, with the same backup.',
  },
  LIGHT_STATE_INVALID: {
    area: 'light',
    message: 'what was kept of the followed log cannot be used: {reason}',
    remedy: 'Put the file back, or follow the log anew with the name of its agent, which you have from elsewhere.',
  },
  LIGHT_SOURCE_INVALID: {
    area: 'light',
    message: 'the source of the log gives something else than was asked for: {what}',
    remedy: 'Ask another source of the same log.',
  },
  LIGHT_OTHER_LOG: {
    area: 'light',
    message: 'the source gives another log than the one that is followed: another {part}',
    remedy: 'Check the address. An agent that was made again from a backup has a new log, which is followed anew.',
  },
  LIGHT_LOG_KEY: {
    area: 'light',
    message: "the key of the log is not the agent's: {reason}",
    remedy: 'Ask again in a minute, as the agent may be changing its key. If it stays so, do not rely on this log.',
  },
  LIGHT_CHECKPOINT_INVALID: {
    area: 'light',
    message: 'the checkpoint is not one that the log signed',
    remedy: 'Ask another source of the same log.',
  },
  LIGHT_ROLLBACK: {
    area: 'light',
    message: 'the log is offered with {offered} entries; {known} were signed before',
    remedy: 'Ask another source. If all say so, entries were taken away: keep your state file as evidence.',
  },
  LIGHT_FORK: {
    area: 'light',
    message: 'the log signed two histories that exclude each other: of {first} and of {second} entries',
    remedy:
      'Keep the evidence, which talos audit witness check verifies for anybody; show it to others who follow this log, and rely on neither history.',
  },
  LIGHT_TILES: {
    area: 'light',
    message: 'the hashes that the source gives are not those of the signed tree of {size} entries',
    remedy: 'Ask another source of the same log.',
  },
  LIGHT_KEY_LOG_INVALID: {
    area: 'light',
    message: 'the key log of the agent does not verify',
    remedy: 'Ask another source of the same log.',
  },
  LIGHT_KEY_LOG_ROLLBACK: {
    area: 'light',
    message: 'the key log is offered with {offered} entries; {known} are known',
    remedy: 'Ask another source. A key that was replaced must not come back.',
  },
  LIGHT_KEY_LOG_FORK: {
    area: 'light',
    message: 'the key log has another history than the one that is known, from entry {entry} on or before it',
    remedy: "Keep your state file and the key log as evidence, and rely on none of the agent's keys.",
  },
  LIGHT_REVOCATIONS_INVALID: {
    area: 'light',
    message: 'the list of revocations does not hold: {reason}',
    remedy: 'Ask another source of the same log.',
  },
  LIGHT_REVOCATIONS_ROLLBACK: {
    area: 'light',
    message: 'the list of revocations is offered with {offered} items; {known} are known',
    remedy: 'Ask another source. A revocation never ends.',
  },
  LIGHT_REVOCATIONS_FORK: {
    area: 'light',
    message: 'the agent signed two lists of revocations that exclude each other: of {known} and of {offered} items',
    remedy:
      "Keep the evidence, which talos audit witness check verifies for anybody, and rely on none of the agent's delegations.",
  },
  LIGHT_ENTRY_INVALID: {
    area: 'light',
    message: 'entry {index} is not in the followed tree of {size} entries as it was given',
    remedy: 'Ask whoever gave the entry for its exact bytes and its index.',
  },
  LOG_PATH_UNKNOWN: {
    area: 'logservice',
    message: 'the log service has no such path',
    remedy: 'Ask for a path of contracts/spec/22-log-service.md, spelled as it stands there.',
  },
  LOG_NOT_PUBLISHED: {
    area: 'logservice',
    message: 'that is not published: {what}',
    remedy:
      'Ask for what the newest checkpoint covers; where there is none, let the agent sign one: talos audit root --sign.',
  },
  LOG_METHOD_REFUSED: {
    area: 'logservice',
    message: 'the path does not take this method',
    remedy: 'Use GET or HEAD, and POST for add-checkpoint alone.',
  },
  LOG_HOST_REFUSED: {
    area: 'logservice',
    message: 'the request names a host that this service does not answer for',
    remedy: 'Use the printed address, or start the service with --host NAME where a proxy passes that name on.',
  },
  LOG_TOKEN_WRONG: {
    area: 'logservice',
    message: 'the request does not carry the token of this service',
    remedy: 'Send the header Authorization: Bearer TOKEN with the token that the operator gave you.',
  },
  LOG_REQUEST_INVALID: {
    area: 'logservice',
    message: 'the request is malformed: {reason}',
    remedy: 'Compare it with contracts/spec/22-log-service.md.',
  },
  LOG_REQUEST_TOO_LARGE: {
    area: 'logservice',
    message: 'the body of the request has more than {limitBytes} bytes',
    remedy: 'Send one checkpoint with its proof and few signatures.',
  },
  LOG_BUSY: {
    area: 'logservice',
    message: 'the service answers as many requests as it can',
    remedy: 'Try again in a second.',
  },
  LOG_SERVICE_FAILED: {
    area: 'logservice',
    message: 'the service failed to answer: {kind}',
    remedy: "The operator finds the cause in the service's own output, and checks the log with talos audit verify.",
  },
  LOG_LISTEN_REFUSED: {
    area: 'logservice',
    message: 'the service does not listen there: {reason}',
    remedy: 'Listen on 127.0.0.1 behind a proxy with TLS, or allow other machines with --allow-remote.',
  },
  LOG_LISTEN_FAILED: {
    area: 'logservice',
    message: 'the service cannot listen: {reason}',
    remedy: 'Choose another address or port, or port 0 for a free one.',
  },
  LOG_TOKEN_INVALID: {
    area: 'logservice',
    message: 'the token cannot be used: {reason}',
    remedy: 'Write 32 or more random letters and digits into the file, such as from: openssl rand -hex 32.',
  },
  LOG_ADDRESS_INVALID: {
    area: 'logservice',
    message: 'the address of the log cannot be used: {reason}',
    remedy: 'Use https://HOST/PATH, or http:// with 127.0.0.1, [::1] or localhost.',
  },
  LOG_ADDRESS_REFUSED: {
    area: 'logservice',
    message: "the log's host has an address that is not on the public internet",
    remedy: 'Allow private addresses where the log is served within a closed network.',
  },
  LOG_NOT_FOUND: {
    area: 'logservice',
    message: 'the service does not have what the log needs: {what}',
    remedy: 'Check the address; a log serves everything below one prefix.',
  },
  LOG_FETCH_FAILED: {
    area: 'logservice',
    message: 'the log cannot be fetched ({what}): {reason}',
    remedy: 'Try again later, or ask another service of the same log.',
  },
  LOG_ANSWER_INVALID: {
    area: 'logservice',
    message: 'the service answered with something else than was asked for: {what}',
    remedy: 'Check that the address is the prefix of a log, and tell its operator.',
  },
  MCP_CONFIG_INVALID: {
    area: 'mcp',
    message: 'the MCP configuration is not usable at {path}: {reason}',
    remedy: 'Write it as MCP clients do: {"mcpServers": {"name": {"command": "…", "args": ["…"]}}}.',
  },
  MCP_POLICY_MISSING: {
    area: 'mcp',
    message: 'the MCP configuration names a policy that was not loaded',
    remedy: 'Load the policy and serve with it, or take the member policy out of the configuration.',
  },
  MCP_UPSTREAM_UNSUPPORTED: {
    area: 'mcp',
    message: 'the MCP server {server} is not started by a command',
    remedy:
      'Only servers with a command, which talk over stdin and stdout, can be served; take the entry out of the file or give it a command.',
  },
  MCP_SERVER_START_FAILED: {
    area: 'mcp',
    message: 'the MCP server {server} could not be started: {reason}',
    remedy: 'Check the command and cwd in the configuration, and that the program is installed and on the PATH.',
  },
  MCP_SERVER_EXITED: {
    area: 'mcp',
    message: 'the MCP server {server} ended {phase}: {reason}',
    remedy: 'Look at what the server wrote to stderr; run its command by hand to see why it stops.',
  },
  MCP_SERVER_SILENT: {
    area: 'mcp',
    message: 'the MCP server {server} did not answer {method} within {timeoutMs} ms',
    remedy: 'Check that the server works when it is started by hand, or allow more time.',
  },
  MCP_SERVER_OUTPUT_INVALID: {
    area: 'mcp',
    message: 'the MCP server {server} wrote something to stdout that is no MCP message: {reason}',
    remedy: "A server's stdout carries one JSON-RPC message per line; its logs belong on stderr.",
  },
  MCP_MESSAGE_INVALID: {
    area: 'mcp',
    message: 'the message is not usable: {reason}',
    remedy: 'Send one JSON-RPC 2.0 object per message, with unique names, within the limits of 14-mcp 14.2.',
  },
  MCP_BATCH_UNSUPPORTED: {
    area: 'mcp',
    message: 'JSON-RPC batches are not carried',
    remedy: 'Send each message by itself.',
  },
  MCP_ID_IN_USE: {
    area: 'mcp',
    message: 'a request with this id is still waiting for its answer',
    remedy: 'Give each request an id of its own.',
  },
  MCP_TOO_MANY_REQUESTS: {
    area: 'mcp',
    message: '{limit} requests are waiting for their answers already',
    remedy: 'Wait for some of the answers before sending more.',
  },
  MCP_METHOD_REFUSED: {
    area: 'mcp',
    message: 'the method is not carried: capabilities name tools only',
    remedy: "Use the server's tools; resources, prompts and other methods do not pass.",
  },
  MCP_NOT_INITIALIZED: {
    area: 'mcp',
    message: '{method} came {reason}',
    remedy: 'Send initialize once, and wait for its result before other requests.',
  },
  MCP_CALL_LOST: {
    area: 'mcp',
    message: 'the request got no answer: {reason}',
    remedy: 'It may have been carried out or not; look before asking again.',
  },
  MCP_CHANNEL_CLOSED: {
    area: 'mcp',
    message: 'the channel to the MCP server {server} is closed',
    remedy: 'Connect again; requests without an answer may have been carried out or not.',
  },
  MCP_FRAME_INVALID: {
    area: 'mcp',
    message: 'the peer sent a frame that is not usable: {reason}',
    remedy: 'Check that the peer runs a compatible version of Talos.',
  },
  MCP_RECEIPT_REFUSED: {
    area: 'mcp',
    message: 'the answer was withheld: its receipt does not prove it',
    remedy: 'Ask the owner of the server; an honest tool side signs a receipt for exactly what it answers.',
  },
  MCP_UNPROVEN_REFUSAL: {
    area: 'mcp',
    message: 'the tool side refused the request without a receipt, saying {says}',
    remedy: "Look up what that code asks for; the server's owner finds the refusal in its own log.",
  },
  MCP_RECEIPT_FAILED: {
    area: 'mcp',
    message: 'the answer was withheld: it could not be recorded',
    remedy: 'The call may have been carried out; the owner of the server finds the reason in its own log.',
  },
  MCP_AUTHORITY_FAILED: {
    area: 'mcp',
    message: 'the request could not be decided',
    remedy: 'Nothing was carried out; the owner of the agent that failed finds the reason in its own log.',
  },
  MCP_REQUEST_ABORTED: {
    area: 'mcp',
    message: 'the caller gave up on {method}',
    remedy: 'The server was told; the call may have been carried out or not.',
  },
  MCP_ANSWER_INVALID: {
    area: 'mcp',
    message: 'the MCP server {server} gave an answer that is not usable: {reason}',
    remedy: 'Check that the server follows the Model Context Protocol.',
  },
  MERKLE_RANGE: {
    area: 'merkle',
    message: '{name} is {value}, outside of 0 to {limit}',
    remedy:
      "An index must be smaller than the tree's size, a size at most 2^53 - 1, and an earlier size at most the later one.",
  },
  MERKLE_HASH_LENGTH: {
    area: 'merkle',
    message: 'a tree hash has {lengthBytes} bytes instead of 32',
    remedy: 'Pass whole SHA-256 hashes.',
  },
  MERKLE_EDGE_INVALID: {
    area: 'merkle',
    message: "the tree's edge holds {actual} hashes where its size needs {expected}",
    remedy: 'The stored state of the tree is damaged; check the log with `talos audit verify`.',
  },
  MERKLE_PROOF_LENGTH: {
    area: 'merkle',
    message: 'the proof holds {actual} hashes where exactly {expected} are due',
    remedy: 'Ask for the proof again, for the same index and size.',
  },
  MERKLE_PROOF_MISMATCH: {
    area: 'merkle',
    message: 'the {proof} proof does not lead to the expected root',
    remedy: 'The leaf, the proof or the root was altered, or they belong to different trees; do not trust them.',
  },
  NOTE_INVALID: {
    area: 'merkle',
    message: 'the signed note is malformed: {reason}',
    remedy: 'Copy the note whole, with its empty line, its signature lines and the last line feed.',
  },
  NOTE_KEY_INVALID: {
    area: 'merkle',
    message: 'the verifier key is malformed: {reason}',
    remedy: 'A verifier key reads name+key id+base64 of the algorithm and the public key.',
  },
  NOTE_SIGNATURE_INVALID: {
    area: 'merkle',
    message: 'the note has a wrong signature of a known key (line {line})',
    remedy: 'The note was altered after it was signed; do not trust it.',
  },
  NOTE_UNSIGNED: {
    area: 'merkle',
    message: 'the note has no signature of a known key',
    remedy: 'Pass the verifier key of the log or witness that signed the note.',
  },
  CHECKPOINT_INVALID: {
    area: 'merkle',
    message: 'the checkpoint is malformed: {reason}',
    remedy: 'A checkpoint has an origin line, a size line and a line with the base64 of the 32-byte root.',
  },
  TLOG_PROOF_INVALID: {
    area: 'merkle',
    message: 'the proof text is malformed: {reason}',
    remedy: 'Copy the proof whole; it begins with c2sp.org/tlog-proof@v1 and ends with a signed checkpoint.',
  },
  CAPABILITY_CALLS: {
    area: 'metering',
    message: 'delegation {link} allows {limit} calls in all, and they are used up',
    remedy: 'Ask its issuer for a new grant: the calls of everybody below it count together.',
  },
  CAPABILITY_RATE: {
    area: 'metering',
    message: 'delegation {link} allows {limit} calls in {perS} seconds; the next one in {retryAfterMs} milliseconds',
    remedy: 'Wait for the time given and call again; the calls of everybody below the delegation count together.',
  },
  CAPABILITY_CONCURRENCY: {
    area: 'metering',
    message: 'delegation {link} allows {limit} calls at the same time, and as many are running',
    remedy: 'Wait until one of the running calls has ended.',
  },
  CAPABILITY_BYTES: {
    area: 'metering',
    message: 'delegation {link} has {left} bytes left of its {limit}, and {what} has {bytes}',
    remedy: 'Ask for less, or ask the issuer of the delegation for a new grant.',
  },
  CAPABILITY_BUDGET: {
    area: 'metering',
    message: 'delegation {link} has {left} {unit} left of its {limit}, less than the call costs',
    remedy: 'Spend less in one call, or ask the issuer of the delegation for a new grant.',
  },
  CAPABILITY_COST: {
    area: 'metering',
    message: 'delegation {link} has a budget in {unit}, and the cost of the call is not known: {reason}',
    remedy:
      'State the amount as a whole number in the argument that the budget names; without one, the executor states the cost of its tool in its configuration.',
  },
  CAPABILITY_ACCOUNTS: {
    area: 'metering',
    message: 'too many delegations below one grant have limits of their own that are counted here',
    remedy: 'Revoke the grant at the root of the chain and issue a new one, or let the ones below it expire.',
  },
  CAPABILITY_TIME_WINDOW: {
    area: 'metering',
    message: 'delegation {link} is not in force at this hour; it is again in {seconds} seconds',
    remedy: 'Call again within its hours, or ask its issuer for other ones.',
  },
  CAPABILITY_ENVIRONMENT: {
    area: 'metering',
    message: 'delegation {link} is in force only where {name} is {requirement}',
    remedy: 'Call an executor that runs in that environment, or ask the issuer for a grant for this one.',
  },
  CAPABILITY_LEASE: {
    area: 'metering',
    message: 'the lease of a delegation does not hold: {reason}',
    remedy: 'Ask the issuer for a renewal with the same terms, or for a new grant where no renewal is left.',
  },
  NETWORK_ENDPOINT_INVALID: {
    area: 'network',
    message: 'the endpoint is not usable: {reason}',
    remedy:
      'Write it as scheme://host:port, with an IPv6 address in brackets, such as tls://127.0.0.1:4433 or tls://[::1]:4433.',
  },
  NETWORK_KEY_INVALID: {
    area: 'network',
    message: 'a transport {part} has 32 bytes, not {sizeBytes}',
    remedy: 'Pass the raw Ed25519 seed or public key, not an encoded form of it.',
  },
  NETWORK_LISTEN_FAILED: {
    area: 'network',
    message: 'cannot listen on {endpoint}: {reason}',
    remedy: 'Choose a free port (0 takes any) on an address of this machine.',
  },
  NETWORK_UNREACHABLE: {
    area: 'network',
    message: 'cannot reach {endpoint}: {reason}',
    remedy:
      'Check that the peer runs, that the address in its invitation is current, and that no firewall is in between.',
  },
  NETWORK_TIMEOUT: {
    area: 'network',
    message: '{step} took longer than {timeoutMs} ms',
    remedy: 'Check the connection to the peer, then try again or allow more time.',
  },
  NETWORK_ABORTED: {
    area: 'network',
    message: 'the caller gave up on {step}',
    remedy: 'Nothing is wrong with the network; dial again when needed.',
  },
  NETWORK_HANDSHAKE_FAILED: {
    area: 'network',
    message: 'the secure channel to {endpoint} was not established: {reason}',
    remedy: 'Check that the peer at that address is a Talos agent of a compatible version.',
  },
  NETWORK_KEY_MISMATCH: {
    area: 'network',
    message: 'the peer at {endpoint} holds another transport key than the pinned one',
    remedy: 'Ask the peer for a fresh invitation; if its key did not change, someone else answers at this address.',
  },
  NETWORK_CLOSED: {
    area: 'network',
    message: 'the connection is closed ({reason})',
    remedy: 'Dial again; what was not acknowledged must be sent again.',
  },
  NETWORK_FRAME_INVALID: {
    area: 'network',
    message: 'the peer broke the link protocol: {reason}',
    remedy: 'Check that both sides run a compatible version; the link was closed.',
  },
  NETWORK_CREDIT_EXCEEDED: {
    area: 'network',
    message: 'the peer sent {sizeBytes} bytes with {creditBytes} bytes of credit',
    remedy: 'The peer ignores flow control; the link was closed.',
  },
  NETWORK_HELLO_TIMEOUT: {
    area: 'network',
    message: 'the peer did not identify itself within {timeoutMs} ms',
    remedy: 'Dial again; if it repeats, what answers at this address is no Talos agent.',
  },
  NETWORK_HELLO_INVALID: {
    area: 'network',
    message: 'the peer did not prove its DID on this connection: {reason}',
    remedy: 'Do not use this peer; ask its owner for a fresh invitation.',
  },
  NETWORK_HELLO_VERSION: {
    area: 'network',
    message: 'the peer speaks version {version} of the link',
    remedy: 'Update the older of the two agents.',
  },
  NETWORK_DID_MISMATCH: {
    area: 'network',
    message: 'the peer proved to be another identity than {expectedDid}',
    remedy: 'Ask the intended peer for a fresh invitation.',
  },
  NETWORK_PEER_REFUSED: {
    area: 'network',
    message: 'the peer is not admitted here',
    remedy: 'Admit its DID first, if it is meant to connect.',
  },
  NETWORK_LIMIT: {
    area: 'network',
    message: 'the limit of {limit} {what} is reached',
    remedy: 'Close what is not needed, slow down, or raise the limit.',
  },
  NETWORK_MESSAGE_TOO_LARGE: {
    area: 'network',
    message: 'the message has {sizeBytes} bytes, more than the {limitBytes} that the peer takes',
    remedy: 'Split the message.',
  },
  NETWORK_REQUEST_FAILED: {
    area: 'network',
    message: 'the peer answered the request with the error {peerCode}',
    remedy: "Look the code up in the list of errors; the peer's own log holds the details.",
  },
  NETWORK_UNHANDLED: {
    area: 'network',
    message: 'nothing here answers requests of kind {kind}',
    remedy: 'Check that both sides run the same version and offer the same services.',
  },
  NETWORK_ENVELOPE_INVALID: {
    area: 'network',
    message: 'the routing envelope is not acceptable: {reason}',
    remedy: 'The sender must build it as the specification page 13-link-envelope says.',
  },
  NETWORK_NO_ENDPOINT: {
    area: 'network',
    message: 'none of the {attempts} endpoints led to the peer',
    remedy: 'Check that the peer runs and ask it for a fresh invitation; the cause lists each attempt.',
  },
  NETWORK_REFUSED_BY_PEER: {
    area: 'network',
    message: 'the peer refused this agent',
    remedy: 'Ask its owner to admit your DID, or try later if it is busy.',
  },
  NETWORK_HANDLER_FAILED: {
    area: 'network',
    message: 'the handler of content of kind {kind} failed',
    remedy: 'The cause names the failure; fix the handler, it must deal with bad content itself.',
  },
  PROOF_PAGE_UNBUILT: {
    area: 'page',
    message: 'the proof page cannot be made: {name} was not built',
    remedy: 'Run npm run build.',
  },
  POLICY_ENGINE_MISSING: {
    area: 'policy',
    message: 'a policy in Cedar is set, and the package {package} is not installed',
    remedy: 'Install it beside Talos: npm install {package}@{version}.',
  },
  POLICY_INVALID: {
    area: 'policy',
    message: "the {part} of the executor's policy cannot be used: {reason}",
    remedy: 'Mend the file that is named; the mapping of calls to Cedar stands in docs/cedar.md.',
  },
  PROOF_TOO_LARGE: {
    area: 'proof',
    message: 'the proof bundle has more than {limitBytes} bytes',
    remedy: 'Export the bundle again without the large disclosures.',
  },
  PROOF_FORM_INVALID: {
    area: 'proof',
    message: 'the proof bundle is not acceptable: {reason}',
    remedy:
      'Compare the file with contracts/spec/12-proof-bundle.md; it must be the exact bytes that were exported, without a line feed at the end.',
  },
  PROOF_PARTS_INVALID: {
    area: 'proof',
    message: 'the parts of the proof do not fit together: {reason}',
    remedy: 'Take all parts from one call, and log proofs from the logs of its two sides.',
  },
  PROOF_IDENTITY_ABSENT: {
    area: 'proof',
    message: 'the bundle has no part about identities',
    remedy: 'Ask for the whole bundle; what is there proves less than a call.',
  },
  PROOF_IDENTITY_FORM: {
    area: 'proof',
    message: "the bundle's part about identities is not acceptable: {reason}",
    remedy: 'Compare the part with contracts/spec/12-proof-bundle.md; the file was damaged or made by another program.',
  },
  PROOF_AUTHORITY_ABSENT: {
    area: 'proof',
    message: 'the bundle has no part about authority',
    remedy: 'Ask for the whole bundle; what is there proves less than a call.',
  },
  PROOF_AUTHORITY_FORM: {
    area: 'proof',
    message: "the bundle's part about authority is not acceptable: {reason}",
    remedy: 'Compare the part with contracts/spec/12-proof-bundle.md; the file was damaged or made by another program.',
  },
  PROOF_INTENT_ABSENT: {
    area: 'proof',
    message: 'the bundle has no part about intent',
    remedy: 'Ask for the whole bundle; what is there proves less than a call.',
  },
  PROOF_INTENT_FORM: {
    area: 'proof',
    message: "the bundle's part about intent is not acceptable: {reason}",
    remedy: 'Compare the part with contracts/spec/12-proof-bundle.md; the file was damaged or made by another program.',
  },
  PROOF_EXECUTION_ABSENT: {
    area: 'proof',
    message: 'the bundle has no part about execution',
    remedy: 'Ask for the whole bundle; what is there proves less than a call.',
  },
  PROOF_EXECUTION_FORM: {
    area: 'proof',
    message: "the bundle's part about execution is not acceptable: {reason}",
    remedy: 'Compare the part with contracts/spec/12-proof-bundle.md; the file was damaged or made by another program.',
  },
  PROOF_IDENTITY_DOCUMENT: {
    area: 'proof',
    message: 'the DID document of the {side} does not follow from its DID',
    remedy: 'The document or the DID was changed; ask for the bundle again.',
  },
  PROOF_IDENTITY_LOG_KEY: {
    area: 'proof',
    message: 'the log key of the {side} is not delegated by its identity: {reason}',
    remedy: "Use the delegation that stands in entry 0 of that side's log.",
  },
  PROOF_IDENTITY_HISTORY: {
    area: 'proof',
    message: 'the key log of the {side} does not fit: {reason}',
    remedy: 'Ask for the bundle again from an agent that holds the newest key logs of both sides.',
  },
  PROOF_IDENTITY_KEY_LOGS: {
    area: 'proof',
    message: 'a key log of the verifier contradicts the bundle: {reason}',
    remedy: "One of the two histories is not the agent's; find out from the agent itself which one.",
  },
  PROOF_IDENTITY_ORIGIN: {
    area: 'proof',
    message: 'the log of the {side} does not bear the name of its identity',
    remedy: "Use the delegation that stands in entry 0 of that side's log.",
  },
  PROOF_INTENT_INVOCATION: {
    area: 'proof',
    message: 'the invocation cannot be opened: {reason}',
    remedy: 'It was changed after it was signed, or is no invocation; do not rely on it.',
  },
  PROOF_INTENT_PARTIES: {
    area: 'proof',
    message: 'the invocation is not between the two sides of the bundle: {reason}',
    remedy: 'The parts come from different calls; ask for the bundle again.',
  },
  PROOF_INTENT_TIME: {
    area: 'proof',
    message: 'the times of the intent do not fit: {reason}',
    remedy: 'Check the clocks of the agent and of this machine.',
  },
  PROOF_INTENT_ENTRY: {
    area: 'proof',
    message: 'the log entry of the intent cannot be read: {reason}',
    remedy: 'The entry was changed; ask the agent for the bundle again.',
  },
  PROOF_INTENT_INCLUSION: {
    area: 'proof',
    message: "the agent's log does not prove that it holds the intent: {reason}",
    remedy: 'The proof or the checkpoint was changed, or another key signed it; ask the agent for the bundle again.',
  },
  PROOF_INTENT_MISMATCH: {
    area: 'proof',
    message: 'the log entry of the intent records something else: its member {member} differs',
    remedy: 'The entry belongs to another call; ask the agent for the bundle again.',
  },
  PROOF_INTENT_UNBOUND: {
    area: 'proof',
    message: 'the invocation is hidden, and the log entry of the intent says too little of it: it lacks {member}',
    remedy:
      'Export the bundle with its invocation, or from an agent whose log names the call and commits to the request.',
  },
  PROOF_EXECUTION_RECEIPT: {
    area: 'proof',
    message: 'the receipt cannot be opened: {reason}',
    remedy: 'It was changed after it was signed, or is no receipt; do not rely on it.',
  },
  PROOF_EXECUTION_PARTIES: {
    area: 'proof',
    message: "the receipt is not the executor's about this invocation: {reason}",
    remedy: 'The parts come from different calls; ask for the bundle again.',
  },
  PROOF_EXECUTION_TIME: {
    area: 'proof',
    message: 'the times of the execution do not fit: {reason}',
    remedy: 'Check the clocks of both sides; a large difference makes their logs hard to compare.',
  },
  PROOF_EXECUTION_ENTRY: {
    area: 'proof',
    message: 'the log entry of the execution cannot be read: {reason}',
    remedy: 'The entry was changed; ask the executor for its part again.',
  },
  PROOF_EXECUTION_INCLUSION: {
    area: 'proof',
    message: "the executor's log does not prove that it holds the receipt: {reason}",
    remedy: 'The proof or the checkpoint was changed, or another key signed it; ask the executor for its part again.',
  },
  PROOF_EXECUTION_MISMATCH: {
    area: 'proof',
    message: 'the log entry of the execution records something else: its member {member} differs',
    remedy: 'The entry belongs to another call; ask the executor for its part again.',
  },
  PROOF_EXECUTION_INVOKED: {
    area: 'proof',
    message: "the executor's entry of the call's beginning does not fit: {reason}",
    remedy: 'Leave the entry out, or take it from the checkpoint that proves the receipt.',
  },
  PROOF_EXECUTION_DISAGREES: {
    area: 'proof',
    message: 'the invocation is hidden, and the two logs do not record the same call: their member {member} differs',
    remedy: 'One side recorded something else than the other; ask for the bundle with its invocation.',
  },
  PROOF_AUTHORITY_PROOFS: {
    area: 'proof',
    message: 'the delegations are not those that the invocation names: {reason}',
    remedy: 'Export the bundle with the delegations of this call, from the root to the caller.',
  },
  PROOF_AUTHORITY_REVOCATIONS: {
    area: 'proof',
    message: 'revocation {index} does not belong to this chain: {reason}',
    remedy: 'Export the bundle with the revocations of these delegations alone.',
  },
  PROOF_AUTHORITY_HEADS: {
    area: 'proof',
    message: 'a list of revocations does not fit: {reason}',
    remedy: 'Export the bundle with the lists of those who gave leave for this call, each as its head covers it.',
  },
  PROOF_REVOCATIONS_STALE: {
    area: 'proof',
    message: 'what the bundle says of revocations by those who gave leave is {state}',
    remedy:
      'Export the bundle again from an agent whose executor follows the lists of revocations; or ask for a lower level.',
  },
  PROOF_REVOCATIONS_WITHHELD: {
    area: 'proof',
    message: '{count} revocations are named without their content',
    remedy: 'Ask for a bundle with the whole lists of revocations; or ask for a lower level.',
  },
  PROOF_AUTHORITY_DENIED: {
    area: 'proof',
    message: 'the delegations did not allow the call: {reason}',
    remedy: 'The executor ran a call that nobody had allowed; ask it why.',
  },
  PROOF_ARGUMENTS_HIDDEN: {
    area: 'proof',
    message: 'arguments are hidden that conditions of the delegations depend on ({count})',
    remedy:
      'Ask for a bundle that discloses these arguments, or for one with its invocation; whether they held is the word of the executor.',
  },
  PROOF_AUTHORITY_DISAGREES: {
    area: 'proof',
    message: 'the call was refused for another reason than the delegations give: {reason}',
    remedy: "The executor's refusal is not explained by the delegations; ask it why.",
  },
  PROOF_REFUSAL_UNCONFIRMED: {
    area: 'proof',
    message: 'the reason of the refusal is the word of the executor alone',
    remedy: "Nothing in the bundle can confirm it; ask for a lower level to accept the executor's word.",
  },
  PROOF_GAP: {
    area: 'proof',
    message: "the executor's entry of the call's beginning is missing",
    remedy: 'Ask the executor for its part again; or ask for a lower level.',
  },
  PROOF_DISCLOSURE_FORM: {
    area: 'proof',
    message: "the bundle's disclosures are not acceptable: {reason}",
    remedy: 'Give exactly one of value and bytes, and a salt of 32 bytes.',
  },
  PROOF_DISCLOSURE_MISMATCH: {
    area: 'proof',
    message: 'disclosure {index} opens no commitment of its part of the bundle',
    remedy: 'The value or the salt is not the one that was committed to; treat the disclosure as false.',
  },
  PROOF_DISCLOSURE_CONTRADICTION: {
    area: 'proof',
    message: 'the disclosed parts of the arguments are parts of no arguments: {reason}',
    remedy: 'Treat the disclosures as false; both sides may have committed to what was never sent.',
  },
  PROOF_LOGS_FORM: {
    area: 'proof',
    message: "the bundle's later checkpoints and witnesses are not acceptable: {reason}",
    remedy: 'Compare the part with contracts/spec/12-proof-bundle.md; the file was damaged or made by another program.',
  },
  PROOF_LOGS_CHECKPOINT: {
    area: 'proof',
    message: "a later checkpoint is not the log's: {reason}",
    remedy: 'The checkpoint was changed, or another key signed it; ask for the bundle again.',
  },
  PROOF_LOGS_CONSISTENCY: {
    area: 'proof',
    message: 'the later checkpoint of the {side} does not extend the one that proves the entry',
    remedy: 'Somebody shows two histories of one log: keep both checkpoints, they may convict it; ask its witnesses.',
  },
  PROOF_WITNESS_KEY: {
    area: 'proof',
    message: 'witness {index} is not who it says: {reason}',
    remedy: 'Ask for the bundle again, with the delegations that the witnesses gave their keys.',
  },
  PROOF_WITNESS_UNKNOWN: {
    area: 'proof',
    message: 'a line under the checkpoint of the {side} does not count: {reason}',
    remedy: 'Ask for a bundle that names every witness whose line it has.',
  },
  PROOF_WITNESS_SIGNATURE: {
    area: 'proof',
    message: 'a cosignature under the checkpoint of the {side} is wrong',
    remedy: 'It was changed, or made for another checkpoint; ask for the bundle again.',
  },
  PROOF_WITNESS_UNUSED: {
    area: 'proof',
    message: 'witness {index} cosigned neither checkpoint',
    remedy: 'Leave the witness out.',
  },
  PROOF_WITNESS_OWN: {
    area: 'proof',
    message: 'the {side} is its own witness',
    remedy: "Leave that cosignature out: nobody's word about itself counts.",
  },
  PROOF_WITNESS_TIME: {
    area: 'proof',
    message: 'a cosignature under the checkpoint of the {side} has an impossible time: {reason}',
    remedy: 'The clock of the witness is wrong, or it did not see what it signed; ask for cosignatures of others.',
  },
  PROOF_UNWITNESSED: {
    area: 'proof',
    message: 'the log of the {side} is not witnessed as asked for',
    remedy: 'Have the log cosigned by enough witnesses and export the bundle again; or ask for a lower level.',
  },
  PROOF_ANCHOR_FORM: {
    area: 'proof',
    message: "the bundle's anchors are not acceptable: {reason}",
    remedy: 'Compare the part with contracts/spec/12-proof-bundle.md; the file was damaged or made by another program.',
  },
  PROOF_ANCHOR_SIDE: {
    area: 'proof',
    message: 'anchor {index} is of a checkpoint that the bundle does not have',
    remedy: 'Export the bundle again with the checkpoint that was anchored.',
  },
  PROOF_ANCHOR_INVALID: {
    area: 'proof',
    message: 'an anchor does not hold: {reason}',
    remedy: 'Treat the anchor as false, or export the bundle again.',
  },
  PROOF_ANCHOR_TIME: {
    area: 'proof',
    message: 'the block of anchor {index} is older than the entry',
    remedy: 'The clock of the log was far ahead, or the anchor is of something else.',
  },
  PROOF_UNANCHORED: {
    area: 'proof',
    message: 'the checkpoint of the {side} is not anchored in a block that the verifier knows',
    remedy:
      "Give the block's header from a source that you trust, or wait until the anchor is final; or ask for a lower level.",
  },
  REVOCATION_INVALID: {
    area: 'revocation',
    message: 'the revocation is not acceptable: {reason}',
    remedy: 'Only an issuer of the chain or the holder of the delegation can revoke it.',
  },
  REVOCATION_LIST_INVALID: {
    area: 'revocation',
    message: 'the list of revocations does not hold: {reason}',
    remedy: 'Ask its issuer for the list, or another agent that follows it.',
  },
  REVOCATION_ROLLBACK: {
    area: 'revocation',
    message: 'the list of revocations is older than the one that is known: {offered} after {seen}',
    remedy:
      'Ask its issuer for the newest list. An issuer whose database was put back takes its list over from a peer first.',
  },
  REVOCATION_FORK: {
    area: 'revocation',
    message: 'the issuer signed two lists of revocations that exclude each other: {offered} and {seen}',
    remedy: 'Keep both heads as evidence and rely on none of its delegations; its owner has to rotate the key.',
  },
  REVOCATION_FUTURE: {
    area: 'revocation',
    message: 'the head of the list was signed {seconds} seconds from now',
    remedy: "Check this machine's clock and the issuer's.",
  },
  REVOCATION_FULL: {
    area: 'revocation',
    message: 'no room for more revocations: {what}, {limit} at most',
    remedy: 'Revoke everything of an audience at once, or give shorter terms; what ends by itself needs no revocation.',
  },
  REVOCATION_UNRELATED: {
    area: 'revocation',
    message: 'the list is by an issuer that no chain here names',
    remedy: 'Send revocations to those who hold or execute what they are about.',
  },
  SESSION_SUITE: {
    area: 'session',
    message: '{subject} does not belong to Talos Session 1',
    remedy:
      'Both sides must speak suite ts1-x25519-mlkem768-sha256-chacha20poly1305; there is no older suite to fall back to.',
  },
  SESSION_BUNDLE_INVALID: {
    area: 'session',
    message: 'the prekey bundle is not acceptable: {reason}',
    remedy: "Fetch the peer's bundle again; if it stays so, the peer must publish a new one.",
  },
  SESSION_BUNDLE_ROLLBACK: {
    area: 'session',
    message: 'the prekey bundle has serial {serial}, below the {minimumSerial} already seen',
    remedy: 'Fetch the bundle from the peer itself: whoever served this one serves an old one.',
  },
  SESSION_PREKEY_EXPIRED: {
    area: 'session',
    message: 'the signed prekey ended at {endS} and it is {nowS}',
    remedy: 'Fetch a fresh bundle, and compare the clocks when it is fresh already.',
  },
  SESSION_PREKEY_NOT_YET_VALID: {
    area: 'session',
    message: 'the signed prekey begins at {beginS} and it is {nowS}',
    remedy: 'Compare the clocks of both machines.',
  },
  SESSION_PREKEY_UNKNOWN: {
    area: 'session',
    message: 'the first flight names a {key} that is not held here, or not any more',
    remedy: 'The initiator must fetch a fresh bundle and begin again.',
  },
  SESSION_ONE_TIME_INVALID: {
    area: 'session',
    message: "the one-time prekey at index {index} is not under the bundle's root",
    remedy: 'Fetch the bundle again; whoever served it replaced the one-time key.',
  },
  SESSION_SELF: {
    area: 'session',
    message: 'both ends of the session are the same agent instance',
    remedy: 'Dial another agent, or another instance of this one.',
  },
  SESSION_LOW_ORDER: {
    area: 'session',
    message: 'a public key of the peer is of low order',
    remedy: 'Refuse the peer: an honest implementation never sends such a key.',
  },
  SESSION_MODE: {
    area: 'session',
    message: 'a {mode} session was offered and is not accepted here',
    remedy: 'Initiate in a mode that the responder accepts; accountable always is by default.',
  },
  SESSION_CONTEXT: {
    area: 'session',
    message: 'the first flight is bound to another capability context',
    remedy: 'Initiate with the context that the responder expects.',
  },
  SESSION_SIGNATURE: {
    area: 'session',
    message: 'the initiator did not prove the identity that it claims',
    remedy: 'Treat the claim as false; nothing was accepted.',
  },
  SESSION_REPLAY: {
    area: 'session',
    message: 'this first flight was accepted before',
    remedy: 'Nothing to do: the copy is dropped.',
  },
  SESSION_MISMATCH: {
    area: 'session',
    message: 'the message belongs to another session',
    remedy: 'Look the session up by the session id of the message.',
  },
  SESSION_HEADER: {
    area: 'session',
    message: "no header key of the session opens the message's header",
    remedy:
      'The message is forged, reflected, or older than everything this session still remembers. The session stays usable.',
  },
  SESSION_DUPLICATE: {
    area: 'session',
    message: 'the key of message {count} was used or dropped before',
    remedy: 'Nothing to do: a message opens once.',
  },
  SESSION_GAP: {
    area: 'session',
    message: 'the message skips {gap} messages, more than {limit}',
    remedy: 'Deliver the messages in between first, or establish a new session.',
  },
  SESSION_AUTHENTICATION: {
    area: 'session',
    message: 'the message does not authenticate',
    remedy: 'It was changed on its way or was sealed with other keys. The session stays usable.',
  },
  SESSION_MESSAGE_INVALID: {
    area: 'session',
    message: 'the message is malformed: {reason}',
    remedy: 'The peer does not follow the format of the session; nothing was accepted.',
  },
  SESSION_TOO_LARGE: {
    area: 'session',
    message: 'the message has {sizeBytes} bytes, more than {limitBytes}',
    remedy: 'Send it in parts.',
  },
  SESSION_EXHAUSTED: {
    area: 'session',
    message: 'the session reached its limit of {limit}',
    remedy: 'Establish a new session with the peer.',
  },
  SESSION_STATE_INVALID: {
    area: 'session',
    message: 'the stored {record} cannot be read',
    remedy: 'Restore it from a backup that is not older than the last message, or establish a new session.',
  },
  SESSION_RESET_INVALID: {
    area: 'session',
    message: 'the session reset is not acceptable: {reason}',
    remedy:
      'Ignore it. The peer must sign a new one with its own key, for this agent, by a clock that is right to ten minutes.',
  },
  SESSION_ARGUMENT: { area: 'session', message: '{name} is not usable: {reason}', remedy: 'Correct the argument.' },
  SIGNER_PROGRAM_MISSING: {
    area: 'signer',
    message: 'the program that speaks to the token cannot be started',
    remedy: 'Build it with cargo: npm run native:pkcs11.',
  },
  SIGNER_OPTION_INVALID: {
    area: 'signer',
    message: 'the option {option} of the signer cannot be used: {reason}',
    remedy: 'Name the module by its path, and token and key by their labels.',
  },
  SIGNER_MODULE: {
    area: 'signer',
    message: 'the PKCS #11 module cannot be used: {reason}',
    remedy:
      "Give the path of the module that the token's maker supplies, built for this machine, and check what it needs in its environment.",
  },
  SIGNER_TOKEN: {
    area: 'signer',
    message: 'the token cannot be used: {reason}',
    remedy: 'Connect the token, and name it by its label; no other token may have the same.',
  },
  SIGNER_PIN: {
    area: 'signer',
    message: 'the token refuses the PIN: {reason}',
    remedy: 'Give the right PIN. It is not tried a second time: tokens lock after a few wrong ones.',
  },
  SIGNER_KEY: {
    area: 'signer',
    message: 'the key cannot be used: {reason}',
    remedy: 'Both halves of one Ed25519 key must have the label, and no other key of that type may have it.',
  },
  SIGNER_DEVICE: {
    area: 'signer',
    message: 'the token did not sign: {reason}',
    remedy: "Check the token and the key's permission to sign, then try again.",
  },
  SIGNER_TIMEOUT: {
    area: 'signer',
    message: 'the token did not answer within {timeoutMs} ms',
    remedy: 'Check the token; the next request speaks to it anew.',
  },
  SIGNER_ENDED: {
    area: 'signer',
    message: 'the program that speaks to the token has ended',
    remedy: 'Try again: it is started anew. When it ends again, the module does not work in it.',
  },
  SIGNER_ANSWER: {
    area: 'signer',
    message: 'the program that speaks to the token answers what it was not asked: {reason}',
    remedy: 'Build the program from the same sources as Talos: npm run native:pkcs11.',
  },
  SIGNER_SIGNATURE: {
    area: 'signer',
    message: "the token's signature is not by its public key",
    remedy: 'Do not use this key: the token is broken, or its two halves are of different keys.',
  },
  SIGNER_BUSY: {
    area: 'signer',
    message: '{limit} requests wait for the token already',
    remedy: 'Ask for fewer signatures at a time, such as receipts in batches.',
  },
  SIGNER_CLOSED: { area: 'signer', message: 'the signer is closed', remedy: 'Open a new one.' },
  RECEIPT_BATCH_INVALID: {
    area: 'statements',
    message: 'the receipt does not stand in a signed batch: {reason}',
    remedy: 'Do not rely on it; ask the executor for its receipt again.',
  },
  RECEIPT_QUEUE_FULL: {
    area: 'statements',
    message: '{limit} receipts wait for a signature already',
    remedy: 'Run fewer calls at a time, or give the agent a faster signer.',
  },
  APPROVAL_INVALID: {
    area: 'statements',
    message: 'the approval cannot be used: {reason}',
    remedy: 'Ask the approver to approve the call again, for an hour at most.',
  },
  APPROVAL_UNREADABLE: {
    area: 'statements',
    message: 'approval {index} cannot be read',
    remedy: 'Send the approval exactly as its approver gave it; the cause underneath names the place.',
  },
  APPROVAL_CALL: {
    area: 'statements',
    message: 'approval {index} is for another call',
    remedy: 'Show the approver the exact call, arguments included, and ask again.',
  },
  APPROVAL_APPROVER: {
    area: 'statements',
    message: 'approval {index} is by somebody who is not asked: {reason}',
    remedy: 'Ask one of those whom the permission names, other than the caller.',
  },
  APPROVAL_TIME: {
    area: 'statements',
    message: 'approval {index} does not hold at this time: {reason}',
    remedy: 'Ask the approver again, and check the clocks of both machines.',
  },
  APPROVAL_USED: {
    area: 'statements',
    message: 'approval {index} was used by a call before',
    remedy: 'Ask the approver again: each approval is for one call.',
  },
  APPROVAL_TWICE: {
    area: 'statements',
    message: 'approval {index} is by an approver who was counted already',
    remedy: 'Ask another of the approvers.',
  },
  APPROVAL_MISSING: {
    area: 'statements',
    message: '{approver} has not approved the call',
    remedy: 'Ask this approver, or another of those named beside it.',
  },
  AGENT_NAME_INVALID: {
    area: 'storage',
    message: "the agent's name is not 1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit",
    remedy: 'Choose a name such as my-agent.',
  },
  AGENT_EXISTS: {
    area: 'storage',
    message: 'an agent named {name} exists already',
    remedy: "Choose another name; an agent's keys are never overwritten.",
  },
  AGENT_NOT_FOUND: {
    area: 'storage',
    message: 'there is no agent named {name} in {home}',
    remedy: 'Create it with talos init {name}, or point TALOS_HOME to the folder that holds it.',
  },
  AGENT_LOCKED: {
    area: 'storage',
    message: 'another process runs the agent {name}',
    remedy: 'Stop that process first: only one may run an agent, so that its keys and its log never fork.',
  },
  HOME_PERMISSIONS: {
    area: 'storage',
    message: '{path} is open to other users of this machine (mode {mode})',
    remedy: 'Run chmod {wanted} on it, and make sure that it belongs to you.',
  },
  HOME_UNUSABLE: {
    area: 'storage',
    message: '{path} is not a {wanted}',
    remedy: 'Move it away, or point TALOS_HOME to another folder.',
  },
  FILE_FAILED: {
    area: 'storage',
    message: 'could not {operation} {path}: {reason}',
    remedy: 'Check that the disk has room and that the folder belongs to you.',
  },
  STORE_UNSUPPORTED: {
    area: 'storage',
    message: 'SQLite {found} is older than {needed}',
    remedy: 'Run Talos on Node 24.18 or later.',
  },
  STORE_TOO_NEW: {
    area: 'storage',
    message: 'the {store} database has version {found}, this program knows {known}',
    remedy: 'Update Talos; going back to an older version is not possible.',
  },
  STORE_CORRUPT: {
    area: 'storage',
    message: 'the {store} database is damaged: {reason}',
    remedy: 'Restore the agent from a backup; do not delete the file before that.',
  },
  STORE_READ_FAILED: {
    area: 'storage',
    message: 'could not read from the {store} database: {reason}',
    remedy: "Check the disk and the file's permissions, and try again.",
  },
  STORE_WRITE_FAILED: {
    area: 'storage',
    message: 'could not write to the {store} database: {reason}; nothing was changed',
    remedy: 'Free space on the disk and check that the file is writable, then try again.',
  },
  STORE_CONFLICT: {
    area: 'storage',
    message: '{what} was changed by somebody else meanwhile, or exists already',
    remedy: 'Read it again and repeat the step.',
  },
  STORE_FULL: {
    area: 'storage',
    message: 'there is no room for more {what}: the limit is {limit}',
    remedy: 'Let the peer fetch what waits for it, or remove what is no longer needed.',
  },
  STORE_ROW_INVALID: {
    area: 'storage',
    message: 'a sealed row of {table} does not open',
    remedy: 'The database belongs to another key file or was changed from outside; restore both from one backup.',
  },
  STORE_KEY_MISSING: {
    area: 'storage',
    message: "{table} is sealed, and the database was opened without the agent's storage key",
    remedy: 'Open the agent with its passphrase.',
  },
  BUNDLE_ROLLBACK: {
    area: 'storage',
    message: "the peer's prekey bundle has serial {offered}, but {seen} was seen before",
    remedy: 'Ask the peer for its current bundle: somebody served an old one.',
  },
  WITNESS_LOG_KEY: {
    area: 'witness',
    message: 'the key does not speak for that log or witness: {reason}',
    remedy: 'Ask the agent for its newest key log, then for the delegation again; without one, do not trust the key.',
  },
  WITNESS_LOG_UNKNOWN: {
    area: 'witness',
    message: 'this witness does not know the log',
    remedy: "Show the delegation of the log's key first: an agent does that when it is linked.",
  },
  WITNESS_NOT_SIGNED: {
    area: 'witness',
    message: 'no key that counts for this log signed the checkpoint',
    remedy: "Send the checkpoint with the signature of the log's current key.",
  },
  WITNESS_RANGE: {
    area: 'witness',
    message: "the earlier size is {from}, larger than the checkpoint's {size}",
    remedy: 'Send a checkpoint that is not smaller than the one that it is proven to extend.',
  },
  WITNESS_CONFLICT: {
    area: 'witness',
    message: 'this witness knows the log at {size} entries, and the proof begins at {from}',
    remedy: 'Send the checkpoint again with a proof from {size} on.',
  },
  WITNESS_INCONSISTENT: {
    area: 'witness',
    message: 'the checkpoint is not shown to extend the one of {size} entries',
    remedy: 'Send the consistency proof between the two; a log that cannot has been replaced, cut or forked.',
  },
  WITNESS_FORK: {
    area: 'witness',
    message: 'the log signed two checkpoints, of {first} and of {second} entries, that exclude each other',
    remedy: 'Keep the evidence and tell the owner of the log by another way; nothing more of this log is cosigned.',
  },
  WITNESS_FULL: {
    area: 'witness',
    message: 'there is no room for more {what}: {limit} are kept',
    remedy: 'Ask another witness; what was cosigned is never forgotten to make room.',
  },
  WITNESS_SIGNING_FAILED: {
    area: 'witness',
    message: 'the checkpoint of {size} entries was noted and not cosigned',
    remedy: "Send it again with an empty proof from its own size; if it fails again, look at the witness's key.",
  },
  WITNESS_LINE_INVALID: {
    area: 'witness',
    message: 'the cosignature is not one of that witness for that checkpoint: {reason}',
    remedy: 'Ask the witness again; a line that does not verify is worth nothing.',
  },
  WITNESS_POLICY_INVALID: {
    area: 'witness',
    message: 'line {line} of the witness policy is malformed: {reason}',
    remedy: 'Compare the file with contracts/spec/23-witness.md and c2sp.org/tlog-policy.',
  },
  WITNESS_ANSWER_MISSING: {
    area: 'witness',
    message: 'the peer did not answer as a witness: {reason}',
    remedy:
      'Try again when the peer is linked; one that has seen more of this log than there is here says so by an event.',
  },
  WITNESS_HOLD: {
    area: 'witness',
    message: 'nothing is signed until a peer has said how far it has seen this log',
    remedy:
      'Link to a peer that knew this agent before its database was put back, or take the word of nobody with `talos audit witness --resume`.',
  },
  FORK_INVALID: {
    area: 'witness',
    message: 'this is no evidence of a fork: {reason}',
    remedy: 'Blame nobody for it; ask for the two signed checkpoints themselves.',
  },
} as const

/** Every error code of Talos; stable once published. */
export type ErrorCode = keyof typeof ERROR_TABLE
