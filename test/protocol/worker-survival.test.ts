import { readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Assignment, chunkCount, type WorkerMessage } from '@tessera/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { endAll, startTessera } from '../services/tessera-process.ts'
import { type FakeAnswer, fakeCoordinator } from './fake-coordinator.ts'
import { CLIENT, ROWS, refuse, type WorkerBench, workerBench } from './worker-under-test.ts'

/** What never comes: the coordinator dies with the message in its hands. */
const silence = () => new Promise<never>(() => {})
const accepted = (duplicate: boolean): FakeAnswer => ({ message: { type: 'accepted', duplicate } })

describe('a worker', () => {
  let bench: WorkerBench

  beforeAll(async () => {
    bench = await workerBench()
  })
  afterEach(() => bench.stopAll())
  afterAll(() => bench?.close())

  const kept = (state: string) => readdir(join(bench.folder, state, 'results'))

  it('that is started again sends the result that it has, byte for byte, and does not train again', async () => {
    const first = await bench.start(
      (message) => (message.type === 'update' ? silence() : bench.kindly(message)),
      'again',
    )
    await first.connected()
    await first.tell(bench.assignment)
    await first.until(() => expect(first.heard('update')).toHaveLength(1))
    expect(await kept('again')).toEqual([`${bench.assignment.assignmentId}.update`])
    await bench.stopAll()

    const asks = (message: WorkerMessage) => message.type === 'update' && message.blob !== null // was it taken: no bytes
    const second = await bench.start(
      (message) => (asks(message) ? refuse('blob-incomplete', true) : bench.kindly(message)),
      'again',
    )
    await second.connected()
    await second.tell(bench.assignment)
    await second.until(() => expect(second.reported('delivered')).toHaveLength(1))
    expect(second.heard('update').filter((message) => !asks(message))).toEqual(first.heard('update'))
    expect(second.sent().at(-1)).toBe(first.sent()[0])
    expect([first, second].map(({ reported }) => reported('progress').length)).toEqual([2, 0])
    expect(await kept('again')).toEqual([])
  })

  it.each([
    ['its run is gone', refuse('unknown-run', false)],
    ['its round is over', refuse('round-over', false)],
    ['it was received', accepted(true)],
  ])('asks whether a kept result is still wanted, and drops it when %s', async (_when, answer) => {
    const first = await bench.start(
      (message) => (message.type === 'update' ? silence() : bench.kindly(message)),
      'stale',
    )
    await first.connected()
    await first.tell(bench.assignment)
    await first.until(() => expect(first.heard('update')).toHaveLength(1))
    await bench.stopAll()
    const second = await bench.start((message) => (message.type === 'update' ? answer : bench.kindly(message)), 'stale')
    await second.connected()
    await expect.poll(() => kept('stale')).toEqual([])
    expect(second.heard('update')).toEqual([{ ...first.heard('update')[0], blob: first.sent()[0] }])
  })

  it('keeps its result through trouble of the coordinator: a full disk, a successor, a blob that was forgotten', async () => {
    const left = [refuse('disk-full', true), refuse('superseded', false), refuse('blob-incomplete', true)]
    const { connected, tell, heard, sent, reported, until } = await bench.start((message) =>
      message.type === 'update' ? (left.shift() ?? bench.kindly(message)) : bench.kindly(message),
    )
    await connected()
    await tell(bench.assignment)
    await until(() => expect(reported('delivered')).toHaveLength(1))
    expect(new Set(sent()).size).toBe(1)
    const troubles = reported('trouble').filter((report) => report.type === 'trouble')
    expect(troubles.map(({ error }) => error.code)).toEqual(['disk-full', 'superseded', 'blob-incomplete'])
    for (const [at, { againInMs }] of troubles.entries()) expect(againInMs).toBeLessThanOrEqual(1000 * 2 ** at)
    expect(reported('progress')).toHaveLength(2)
    expect(heard('decline')).toEqual([])
  })

  it('that declines what is given to it once more before it has its answer, declines it once more', async () => {
    const noRank = { ...bench.assignment, spec: { ...bench.assignment.spec, adapter: { method: 'stoat' } } }
    const given = [noRank, noRank]
    const { connected, tell, heard, until } = await bench.start(async (message) => {
      const again = message.type === 'decline' ? given.pop() : undefined
      if (again !== undefined) await tell(again)
      return bench.kindly(message)
    })
    await connected()
    await tell(noRank)
    await until(() => expect(heard('decline')).toHaveLength(3))
    await tell(bench.assignment)
    await until(() => expect(heard('update')).toHaveLength(1))
  })

  it('goes on when its own disk was full: the error says so, and nothing is declined', async () => {
    const part = join(bench.folder, 'blobs', `${bench.assignment.coordinates}.${CLIENT}.part`)
    await rm(join(bench.folder, 'blobs', bench.assignment.coordinates as string), { force: true })
    await symlink('/dev/full', part)
    const { connected, tell, heard, reported, until } = await bench.start(bench.kindly)
    await connected()
    await tell(bench.assignment)
    await until(() => expect(reported('trouble')).toHaveLength(1))
    expect(reported('trouble')).toMatchObject([{ error: { code: 'disk-full', fix: expect.stringContaining('room') } }])
    await rm(part)
    await until(() => expect(reported('delivered')).toHaveLength(1))
    expect(heard('decline')).toEqual([])
  })

  it('whose cancel was lost stops when its progress is refused, and does other work', async () => {
    const other: Assignment = {
      ...bench.assignment,
      assignmentId: 'run-2.train-1.ada' as never,
      runId: 'run-2' as never,
    }
    const { connected, tell, heard, reported, until } = await bench.start((message) =>
      message.type === 'progress' && message.runId === bench.assignment.runId
        ? refuse('unknown-run', false)
        : bench.kindly(message),
    )
    await connected()
    const train = { ...(bench.assignment.spec.train as object), localSteps: 1000 }
    await tell({ ...bench.assignment, spec: { ...bench.assignment.spec, train } })
    await tell(other)
    await until(() => expect(reported('delivered')).toHaveLength(1))
    expect(reported('cancelled')).toHaveLength(1)
    expect(heard('update')).toMatchObject([{ runId: 'run-2' }])
    expect(heard('decline')).toEqual([])
  })
})

describe('a worker of a run that feeds back over all coordinates of its adapter', () => {
  let bench: WorkerBench

  beforeAll(async () => {
    bench = await workerBench({
      adapter: { method: 'full' },
      initialisation: { name: 'none' },
      subspace: { name: 'ferret', coordinates: 64, shrink: true, errorFeedback: true },
      rounds: { total: 2, cohort: { size: 1, quorum: 1 } },
    })
  })
  afterEach(() => bench.stopAll())
  afterAll(() => bench?.close())

  /** Ends of the first work: it is taken; or the process ends first, and the next one hears that it was. */
  it('sends the same bytes whether or not it is started again in between, and others without what was left', async () => {
    const second: Assignment = { ...bench.assignment, assignmentId: 'run-1.train-2.ada' as never }
    const secondOf = async (
      state: string,
      tasks: readonly Assignment[],
      { restart = false, isSilent = false } = {},
    ) => {
      const told: string[] = []
      for (const [at, task] of tasks.entries()) {
        const dies = isSilent && at === 0
        const worker = await bench.start(
          (message) => (message.type === 'update' && dies ? silence() : bench.kindly(message)),
          state,
        )
        await worker.connected()
        await worker.tell(task)
        if (!restart && at === 0) for (const more of tasks.slice(1)) await worker.tell(more)
        const sent = () => worker.sent().filter((_, at) => worker.heard('update')[at]?.blob === null)
        await worker.until(() => expect(sent()).toHaveLength(restart ? 1 : tasks.length))
        if (!dies) await worker.until(() => expect(worker.reported('delivered')).toHaveLength(sent().length))
        told.push(...sent())
        await bench.stopAll()
        if (!restart) break
      }
      return told
    }
    const undisturbed = await secondOf('undisturbed', [bench.assignment, second])
    expect(await secondOf('restarted', [bench.assignment, second], { restart: true })).toEqual(undisturbed)
    const unheard = await secondOf('unheard', [bench.assignment, second], { restart: true, isSilent: true })
    expect(unheard).toEqual(undisturbed)
    expect(undisturbed[1]).not.toBe(undisturbed[0])
    expect(await secondOf('anew', [second])).toEqual([undisturbed[0]])
  })
})

describe('a large update of a worker process', () => {
  /** LoRA-SB of rank 150 on q_proj, o_proj and gate_proj of four layers: 12 squares of 150 × 150 float32. */
  const COUNT = chunkCount(12 * 150 * 150 * 4)
  let bench: WorkerBench

  beforeAll(async () => {
    bench = await workerBench({
      targets: ['q_proj', 'o_proj', 'gate_proj'],
      adapter: { method: 'lora-sb', rank: 150, initialStep: 0 },
    })
  })
  afterAll(async () => {
    await endAll()
    await bench?.close()
  })

  it('is made once: each of two lost connections and a SIGKILL costs the chunk that was under way, no more', async () => {
    const stored = new Set<number>()
    /** What happens when a chunk comes for the first time. */
    const cuts = new Map<number, () => unknown>([
      [1, () => coordinator.drop()],
      [2, () => coordinator.drop()],
      [3, () => worker.kill('SIGKILL')],
    ])
    const answer = (message: WorkerMessage): FakeAnswer | Promise<FakeAnswer> => {
      if (message.type === 'offer-blob') {
        const missing = Array.from({ length: COUNT }, (_, index) => index).filter((index) => !stored.has(index))
        return { message: { type: 'wanted', hash: message.hash, missing } }
      }
      const asksTooEarly = message.type === 'update' && stored.size < COUNT // a worker that is back may ask at once
      if (asksTooEarly) return refuse('blob-incomplete', true)
      if (message.type !== 'store-chunk') return bench.kindly(message)
      const { hash, index } = message
      const cut = cuts.get(index)
      if (cuts.delete(index)) {
        cut?.()
        return silence()
      }
      stored.add(index)
      return { message: { type: 'stored', hash, index, complete: stored.size === COUNT } }
    }
    const coordinator = await fakeCoordinator(answer)
    const join = () => {
      const flags = ['--token', 'any', '--data', ROWS, '--device', 'onnx-cpu', '--threads', '1']
      return startTessera(bench.folder, ['join', coordinator.url, '--name', CLIENT, ...flags])
    }
    const of = (type: string) => coordinator.heard.filter((message) => message.type === type)
    const chunks = () => of('store-chunk').map((message) => message.type === 'store-chunk' && message.index)
    const long = { timeout: 120_000, interval: 50 }

    let worker = join()
    await expect.poll(() => of('hello').length, long).toBe(1)
    await coordinator.tell(bench.assignment)
    expect(await worker.ended).toBe('SIGKILL')
    expect(chunks()).toEqual([0, 1, 1, 2, 2, 3])
    const steps = worker.documents.filter(({ type }) => type === 'progress').length
    worker = join()
    await worker.document(({ type }) => type === 'connected')
    await coordinator.tell(bench.assignment)
    await worker.document(({ type }) => type === 'delivered')
    expect(chunks()).toEqual([0, 1, 1, 2, 2, 3, 3, 4])
    expect([steps, worker.documents.filter(({ type }) => type === 'progress').length]).toEqual([2, 0])
    expect(new Set(of('update').map((message) => message.type === 'update' && message.blob)).size).toBe(1)
    await worker.kill('SIGTERM')
    await coordinator.stop()
  })
})
