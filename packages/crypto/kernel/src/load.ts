/** Chooses the kernel of a process. */
import { TalosError } from '@talos/errors'
import type { Kernel } from './kernel.ts'
import { nativeKernel } from './native.ts'
import { NATIVE_MODULE_PATH, type NativeModule, openNativeModule, type Unavailable } from './native-module.ts'
import { portableKernel } from './portable.ts'
import { selfTest } from './self-test.ts'

export interface KernelChoice {
  readonly kernel: Kernel
  /** `forced` by `TALOS_KERNEL`, `found` on this machine, or what serves where the native one is `missing`. */
  readonly chosen: 'forced' | 'found' | 'missing'
  /** Of the native module, and what it was built for; absent for the portable kernel. */
  readonly version?: string
  /** Why the native kernel does not serve; present where it is missing. */
  readonly reason?: string
}

export interface Native {
  readonly kernel: Kernel
  readonly version: string
}

/** A module is loaded and tested once in a process: all callers get one kernel, whose methods run one at a time. */
const opened = new Map<string, Native | Unavailable>()

/**
 * The kernel that `TALOS_KERNEL` names. Where it is unset or empty: the native one, if it is built, has this revision and
 * passes its self-test, else the portable one.
 *
 * A forced kernel is never replaced silently.
 *
 * @throws TalosError `KERNEL_UNAVAILABLE` with the reason where `native` is forced and does not serve; `KERNEL_CHOICE` for
 * another name
 */
export function loadKernel(choice?: string): Kernel {
  return chooseKernel(choice).kernel
}

/**
 * As {@link loadKernel}, and how it came to its choice.
 *
 * @param native gives the native kernel, or why there is none
 */
export function chooseKernel(
  choice: string | undefined = process.env['TALOS_KERNEL'],
  native: () => Native | Unavailable = () => openNativeKernel(NATIVE_MODULE_PATH),
): KernelChoice {
  switch (choice) {
    case undefined:
    case '':
      return best(native())
    case 'portable':
      return { kernel: portableKernel(), chosen: 'forced' }
    case 'native':
      return forced(native())
    default:
      throw new TalosError('KERNEL_CHOICE')
  }
}

function best(native: Native | Unavailable): KernelChoice {
  if ('kernel' in native) return { ...native, chosen: 'found' }
  return { kernel: portableKernel(), chosen: 'missing', reason: native.reason }
}

function forced(native: Native | Unavailable): KernelChoice {
  if ('kernel' in native) return { ...native, chosen: 'forced' }
  const { reason, cause } = native
  throw new TalosError('KERNEL_UNAVAILABLE', { backend: 'native', reason }, { cause })
}

/** The kernel of the module in that file, or why it does not serve. The answer of the first call stays. */
export function openNativeKernel(path: string): Native | Unavailable {
  const known = opened.get(path)
  if (known !== undefined) return known
  const native = tested(openNativeModule(path))
  opened.set(path, native)
  return native
}

/** A module that fails its self-test is as good as none. */
function tested(module: NativeModule | Unavailable): Native | Unavailable {
  if ('reason' in module) return module
  const kernel = nativeKernel(module, portableKernel())
  try {
    selfTest(kernel)
    return { kernel, version: module.version }
  } catch (cause) {
    return { reason: 'it fails its self-test', cause }
  }
}
