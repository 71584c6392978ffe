import type { Store } from '@tessera/federation'
import type { Life } from './life.ts'

/**
 * A store as a process sees it that may die: the point before each durable write and the point after it are counted. A
 * process that dies at the first has written nothing; one that dies at the second has, and nobody was told.
 */
export function mortalStore(store: Store, life: Life): Store {
  const reach = (point: string): Promise<void> => life.ask(async () => life.pass(point))
  const write = async <T>(name: string, perform: () => Promise<T>): Promise<T> => {
    await reach(`before ${name}`)
    const answer = await life.ask(perform)
    await reach(`after ${name}`)
    return answer
  }
  async function* heard<T>(items: AsyncIterable<T>): AsyncIterable<T> {
    const iterator = items[Symbol.asyncIterator]()
    const next = () => life.ask(() => iterator.next())
    for (let one = await next(); !one.done; one = await next()) yield one.value
  }
  return {
    createRun: (record, state) => write('the run is made', () => store.createRun(record, state)),
    commit: (commit) => write(`event ${commit.state.seq}, ${commit.event.type}`, () => store.commit(commit)),
    addEvaluation: (run, round, metrics) =>
      write(`the evaluation of version ${round}`, () => store.addEvaluation(run, round, metrics)),
    deleteRun: (run) => write('the run is deleted', () => store.deleteRun(run)),
    loadRuns: () => life.ask(() => store.loadRuns()),
    eventsOf: (run) => heard(store.eventsOf(run)),
    updatesOf: (run, stage) => heard(store.updatesOf(run, stage)),
    updateHash: (id) => life.ask(() => store.updateHash(id)),
    versionsOf: (run) => life.ask(() => store.versionsOf(run)),
    readBlob: (hash) => life.ask(() => store.readBlob(hash)),
    readBlobRange: (hash, range) => life.ask(() => store.readBlobRange(hash, range)),
  }
}
