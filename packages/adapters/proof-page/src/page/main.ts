/** The page's script: reads the bundle that stands in the page, verifies it, shows what came of it. */
import { nobleKernel } from '@talos/kernel'
import { verifyProofBundle } from '@talos/proof'

const holder = document.getElementById('bundle')
const text = String(JSON.parse(holder?.textContent ?? '""'))
const report = verifyProofBundle(text, { kernel: nobleKernel() })
document.body.append(report.valid ? 'VALID' : `NOT VALID ${report.code}`)
