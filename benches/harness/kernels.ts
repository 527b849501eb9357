/** The kernels of this machine. */
import { type Kernel, loadKernel, portableKernel } from '@talos/kernel'

export interface Kernels {
  readonly portable: Kernel
  /** Absent where the native module was not built. */
  readonly native?: Kernel
}

export function findKernels(): Kernels {
  const portable = portableKernel()
  try {
    return { portable, native: loadKernel('native') }
  } catch {
    return { portable }
  }
}

export function kernelList({ portable, native }: Kernels): readonly Kernel[] {
  return native === undefined ? [portable] : [native, portable]
}
