/** The kernels that targets run on. */
import { type Kernel, loadKernel } from '@talos/kernel'

export const kernel: Kernel = loadKernel()

/** Takes every signature for good, so that edited members reach what is checked behind the signature. */
export const trusting: Kernel = {
  ...kernel,
  ed25519Verify: () => true,
  verifyEnvelopes: (items) => kernel.verifyEnvelopes(items).map(({ digest }) => ({ digest, valid: true })),
  verifyEntries: (run) => ({ ...kernel.verifyEntries(run), valid: run.entries.map(() => true) }),
}
