/** What `talos proof show` reads out of a proof that holds. */
import { portableKernel } from '@talos/kernel'
import { verifyProofBundle } from '@talos/proof'
import { describe, expect, it } from 'vitest'
import { canonical, NOW, scene } from '../../../tools/src/vectors/proof-scene.ts'
import { contentsOf } from '../src/commands/proof/shown.ts'

const kernel = portableKernel()

describe('the contents of a proof', () => {
  it('leave out arguments that no JSON has, of a call that is proven all the same', () => {
    const bundle = canonical(scene({ invocation: { args: { path: Buffer.from('/srv/a.txt') } } }).bundle)
    expect(verifyProofBundle(bundle, { kernel, nowS: NOW + 3600 }).verdict).toBe('valid')
    expect(contentsOf(new TextEncoder().encode(bundle), kernel)).toEqual({ arguments: undefined, shown: [] })
  })
})
