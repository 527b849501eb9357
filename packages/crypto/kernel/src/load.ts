/** Chooses the kernel of a process. */
import { TalosError } from '@talos/errors'
import type { Kernel } from './kernel.ts'
import { portableKernel } from './portable.ts'

/**
 * The kernel that `TALOS_KERNEL` names; the best available one where it is unset or empty. A forced kernel is never
 * replaced silently: `native` on a machine without it throws `KERNEL_UNAVAILABLE`, an unknown name `KERNEL_CHOICE`.
 */
export function loadKernel(choice: string | undefined = process.env['TALOS_KERNEL']): Kernel {
  switch (choice) {
    case undefined:
    case '':
    case 'portable':
      return portableKernel()
    case 'native':
      throw new TalosError('KERNEL_UNAVAILABLE', { backend: 'native' })
    default:
      throw new TalosError('KERNEL_CHOICE')
  }
}
