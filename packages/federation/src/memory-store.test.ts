import { describeStore } from '@tessera/testing'
import { createMemoryStore } from './memory-store.ts'

describeStore('memory', async () => {
  const store = createMemoryStore()
  return { store, metricsOf: async (runId) => store.metricsOf(runId), close: async () => undefined }
})
