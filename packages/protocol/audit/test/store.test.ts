import { MemoryAuditStore } from './memory-store.ts'
import { storeCompliance } from './store-compliance.ts'

storeCompliance('the store in memory', () => {
  const store = new MemoryAuditStore()
  return {
    open() {
      store.isClosed = false
      return store
    },
    dispose() {},
  }
})
