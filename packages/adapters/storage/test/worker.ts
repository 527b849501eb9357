/**
 * A process of its own for the storage tests.
 *
 *     worker.ts lock ROOT            prints `locked` and holds the lock, or prints the code of the refusal
 *     worker.ts look ROOT            opens the database as another program would, and closes it
 *     worker.ts write ROOT START     commits receive and send steps forever, printing a number after each commit
 */
import { DatabaseSync } from 'node:sqlite'
import { Secret } from '@talos/bytes'
import { isTalosError } from '@talos/errors'
import { portableKernel, systemRandom } from '@talos/kernel'
import { AGENT_DATABASE_FILE, AgentDatabase, AgentHome } from '../src/index.ts'
import { ALICE, messageId } from './support.ts'

const [command = '', root = '', start = '0'] = process.argv.slice(2)
const folder = new AgentHome({ root }).open('agent')

function lock(): void {
  try {
    const held = folder.lock()
    process.stdout.write('locked\n')
    setInterval(() => held.held, 1000)
  } catch (error) {
    process.stdout.write(`${isTalosError(error) ? error.code : String(error)}\n`)
  }
}

function write(): void {
  const storageKey = Secret.of(new Uint8Array(32).fill(7))
  const database = AgentDatabase.open({
    folder,
    lock: folder.lock(),
    storageKey,
    kernel: portableKernel(),
    random: systemRandom,
  })
  const sessionId = new Uint8Array(16).fill(1)
  for (let number = Number(start); ; number += 1) {
    const stored = database.sessions.get(sessionId)
    const state = new TextEncoder().encode(String(number))
    const nowMs = number
    const session =
      stored === undefined
        ? { create: { sessionId, peer: ALICE, instance: 'i', state, nowMs } }
        : { update: { sessionId, expectedVersion: stored.version, state, nowMs } }
    const message = { peer: ALICE, messageId: messageId(number), sessionId, contentType: 1, plaintext: state, nowMs }
    if (number % 2 === 0) database.commitReceive({ session, message: { ...message, kind: 'message' } })
    else database.commitSend({ session, message: { ...message, wire: state } })
    process.stdout.write(`${number}\n`)
  }
}

function look(): void {
  const database = new DatabaseSync(folder.filePath(AGENT_DATABASE_FILE))
  database.exec('SELECT count(*) FROM sqlite_schema')
  database.close()
}

if (command === 'lock') lock()
else if (command === 'look') look()
else write()
