/** A process of its own that knows nothing but the evidence: prints what it verified, or the code of the refusal. */
import { verifyForkEvidence } from '@talos/audit'
import { loadKernel } from '@talos/kernel'

let text = ''
for await (const piece of process.stdin) text += piece
const { agent, first, second } = verifyForkEvidence(text, { kernel: loadKernel('portable') })
process.stdout.write(JSON.stringify({ agent, sizes: [first.size, second.size] }))
