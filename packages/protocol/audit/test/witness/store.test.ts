import { witnessStoreCompliance } from './store-compliance.ts'
import { MemoryWitnessStore } from './support.ts'

witnessStoreCompliance('in memory, for tests', () => {
  const store = new MemoryWitnessStore()
  return { store, reopen: () => store, [Symbol.dispose]: () => undefined }
})
