/** Known answers of bundles appended to a tree and of tiles (`contracts/vectors/kernel/tree.json`). */
import { concatBytes } from '@talos/bytes'
import { filled, is, type KnownAnswer } from './known-answer.ts'

export const TREE_ANSWERS: readonly KnownAnswer[] = [
  {
    check: 'appendBundle',
    holds: (kernel) => {
      const edge = concatBytes(...Array.from({ length: 8 }, (_, index) => filled(index, 32)))
      const appended = kernel.appendBundle({ size: 255, edge, bundle: Uint8Array.of(0, 0, 0, 3, 3, 3, 3) })
      const { leafHashes, tileRoots, root } = appended
      return is(
        kernel.sha256(concatBytes(leafHashes, tileRoots, appended.edge, root)),
        'ac36e5e07455244f131ec96733d9f6fe9bc8df459d51f9e55f984bba897ecb49',
      )
    },
  },
  {
    check: 'hashUp',
    holds: (kernel) =>
      is(
        kernel.sha256(kernel.hashUp(concatBytes(...Array.from({ length: 7 }, (_, index) => filled(index, 32))))),
        '7790f2f32996f84910c5c1238ad6680d2baf675fc6c51299c683426a4022d7cb',
      ),
  },
]
