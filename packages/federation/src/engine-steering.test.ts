import { collect, coordinatesByHand, createFederation, FEDERATION_CLIENTS, knownUpdate } from '@tessera/testing'
import { FedError } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from './memory-store.ts'
import type { Store, StoredMetric } from './ports.ts'

const [a, b, c] = FEDERATION_CLIENTS
type Spec = Parameters<typeof createFederation>[0]
type Parts = Parameters<typeof createFederation>[1]
const trained = (client: string, { round }: { round: number }) => knownUpdate(client, round)

async function atWork(spec: Spec, parts: Partial<Parts> = {}) {
  const federation = createFederation(spec, { store: createMemoryStore(), ...parts })
  await federation.engine.createRun(federation.record)
  await federation.join()
  return federation
}

/** Until everything that needs no more than memory is done. */
const idle = () => new Promise(setImmediate)

const cancelled = ({ transport }: Awaited<ReturnType<typeof atWork>>) =>
  transport.takeCancellations().map(({ clientId, work }) => `${clientId}: ${work.reason}`)

describe('places', () => {
  it('over-selection asks three for a cohort of two, and calls off the third when two have sent', async () => {
    const run = await atWork({ size: 2, overSelection: 1.5, total: 1 })
    const sent = run.transport.takeAssignments()
    expect(sent.map(({ clientId }) => clientId)).toEqual([a, b, c])
    for (const { clientId, message } of sent.slice(1)) await run.send(clientId, message, trained(clientId, message))
    await run.rest()
    expect(cancelled(run)).toEqual(['a: the round is over'])
    expect(await run.coordinates()).toEqual(coordinatesByHand([[b, c]]))
  })

  it('a client that says goodbye gives its place to another, who makes the round', async () => {
    const run = await atWork({ size: 2, total: 1 })
    const [first] = run.transport.takeAssignments()
    await run.engine.leave(first.clientId, 'left')
    const [next] = run.transport.takeAssignments()
    expect([first, next].map(({ clientId }) => clientId)).toEqual([a, c])
    const answer = await run.send(a, first.message, trained(a, first.message))
    expect(answer.ok ? 'ok' : answer.error.code).toBe('round-over')
    await run.send(c, next.message, trained(c, next.message))
    await run.send(b, { ...next.message, assignmentId: 'run-1.train-1.b' as never }, knownUpdate(b, 1))
    await run.rest()
    expect(await run.coordinates()).toEqual(coordinatesByHand([[b, c]]))
  })
})

describe('a run that is deleted while a worker trains', () => {
  it('is called off and gone; what the worker sends then is for no run', async () => {
    const run = await atWork({})
    const [{ clientId, message }] = run.transport.takeAssignments()
    const { runId } = run.record
    expect(await run.engine.remove(runId)).toEqual({ ok: true, value: undefined })
    expect(cancelled(run)).toEqual([a, b, c].map((client) => `${client}: the run is deleted`))
    const late = await run.send(clientId, message, trained(clientId, message))
    const again = await run.engine.remove(runId)
    expect([late, again].map((answer) => (answer.ok ? 'ok' : answer.error.code))).toEqual([
      'unknown-run',
      'unknown-run',
    ])
    expect(await run.store.loadRuns()).toEqual([])
    expect(run.clock.nextWake()).toBeNull()
    await run.engine.join(a, 10)
    expect(run.log.lines).toEqual([])
  })

  it('goes on where it is when the store does not delete it, and can be deleted again', async () => {
    const memory = createMemoryStore()
    let failures = 1
    const deleteRun: Store['deleteRun'] = async (runId) => {
      if (failures-- > 0) throw new FedError('database-unreachable', 'no answer')
      await memory.deleteRun(runId)
    }
    const run = await atWork({}, { store: { ...memory, deleteRun } })
    run.transport.takeAssignments()
    await expect(run.engine.remove(run.record.runId)).rejects.toThrow('no answer')
    const [{ clientId, message }] = run.transport.takeAssignments() // what was called off is given out again
    expect((await run.send(clientId, message, trained(clientId, message))).ok).toBe(true)
    expect((await run.engine.remove(run.record.runId)).ok).toBe(true)
  })
})

it('runs that are paused for the disk are resumed with it, and those that people paused are not', async () => {
  const run = await atWork({ total: 1 })
  const other = { ...run.record, runId: 'run-2' as never }
  await run.engine.createRun(other)
  await run.engine.steer(other.runId, { type: 'paused', cause: 'asked', reason: 'asked to' })
  await run.engine.pauseAll('disk-full', '12 MB are left')
  expect(run.stateOf()).toMatchObject({ phase: 'paused', pauseCause: 'disk-full', message: '12 MB are left' })
  await run.engine.resumeAll('disk-full')
  expect(run.stateOf().phase).toBe('training')
  expect(run.engine.run(other.runId)!.state).toMatchObject({ phase: 'paused', pauseCause: 'asked' })
})

it('a run that keeps only hashes drops the updates of a round when it is committed', async () => {
  const run = await atWork({ total: 2, persist: 'keep-hashes', initialisation: 'weights' })
  const { runId } = run.record
  const kept = async (index: number) => (await collect(run.store.updatesOf(runId, { kind: 'train', index }))).length
  for (const { clientId, message } of run.transport.takeAssignments().slice(0, 2)) {
    await run.send(clientId, message, trained(clientId, message))
  }
  expect(await kept(1)).toBe(2)
  run.clock.advanceTo(1000)
  await run.observer.until(({ round }) => round === 1)
  expect(await kept(1)).toBe(0)
  expect(await run.store.updateHash('run-1.train-1.a' as never)).not.toBeNull()
  await run.work(trained)
  expect(run.stateOf().phase).toBe('finished')
  expect(await kept(2)).toBe(0)
})

describe('versions', () => {
  const evaluate = async (_: unknown, { round }: { round: number }): Promise<StoredMetric[]> => [
    { round, name: 'eval-loss', clientId: null, value: 1 / (1 + round), at: 0 },
  ]

  it('that the coordinator did not get to measure are measured by the next start, also those of a finished run', async () => {
    const store = createMemoryStore()
    const broken = async () => {
      throw new Error('no executor')
    }
    const before = await atWork({ total: 2 }, { store, workbench: { evaluate: broken } })
    await before.work(trained)
    await before.engine.close()
    const { runId } = before.record
    expect((await store.versionsOf(runId)).map(({ evaluated }) => evaluated)).toEqual([false, false, false])
    const after = createFederation({ total: 2 }, { store, workbench: { evaluate } })
    await after.engine.restore()
    await idle()
    const losses = store.metricsOf(runId).filter(({ name }) => name === 'eval-loss')
    expect(losses.map(({ round, value }) => [round, value])).toEqual([
      [0, 1],
      [1, 1 / 2],
      [2, 1 / 3],
    ])
    expect((await store.versionsOf(runId)).map(({ evaluated }) => evaluated)).toEqual([true, true, true])
  })

  it('that were measured are not measured by the next start', async () => {
    const store = createMemoryStore()
    const before = await atWork({ total: 1 }, { store, workbench: { evaluate } })
    await before.work(trained)
    await idle()
    const measured: number[] = []
    const counting = async (_: unknown, { round }: { round: number }) => {
      measured.push(round)
      return []
    }
    const after = createFederation({ total: 1 }, { store, workbench: { evaluate: counting } })
    await after.engine.restore()
    await idle()
    expect(measured).toEqual([])
  })
})

describe('a coordinator that another one has followed', () => {
  it('stops: it logs why, pauses nothing and takes nothing more', async () => {
    const memory = createMemoryStore()
    let superseded = false
    const written: string[] = []
    const commit: Store['commit'] = async (commit) => {
      if (superseded) throw new FedError('superseded', 'term 2 has begun')
      written.push(commit.event.type)
      await memory.commit(commit)
    }
    const run = await atWork({}, { store: { ...memory, commit } })
    const [first, second] = run.transport.takeAssignments()
    superseded = true
    await expect(run.send(a, first.message, trained(a, first.message))).rejects.toThrow('term 2 has begun')
    const refused = await run.send(b, second.message, trained(b, second.message))
    expect(refused.ok ? 'ok' : refused.error.code).toBe('unreachable')
    expect(written).not.toContain('paused')
    expect(run.clock.nextWake()).toBeNull()
  })

  it('stops in its own work too', async () => {
    const memory = createMemoryStore()
    const commit: Store['commit'] = async (commit) => {
      if (commit.event.type === 'aggregated') throw new FedError('superseded', 'term 2 has begun')
      await memory.commit(commit)
    }
    const run = await atWork({ total: 1 }, { store: { ...memory, commit } })
    for (const { clientId, message } of run.transport.takeAssignments()) {
      await run.send(clientId, message, trained(clientId, message))
    }
    await idle()
    expect(run.log.lines.map(({ message }) => message)).toEqual(['run run-1 stops: term 2 has begun'])
    expect(run.stateOf().phase).toBe('aggregating')
  })
})

it('a deadline that could not be written pauses the run with the reason', async () => {
  const memory = createMemoryStore()
  const commit: Store['commit'] = async (commit) => {
    if (commit.event.type === 'deadline-passed') throw new FedError('invalid-argument', 'not this one')
    await memory.commit(commit)
  }
  const run = await atWork({}, { store: { ...memory, commit } })
  run.clock.advanceTo(1000)
  const { pauseCause, message } = await run.observer.until(({ phase }) => phase === 'paused')
  expect([pauseCause, message]).toEqual(['failure', 'invalid-argument: not this one'])
})

it('a coordinator that is closed while it writes does nothing more about what it wrote', async () => {
  const memory = createMemoryStore()
  let write = () => {}
  const gate = new Promise<void>((resolve) => {
    write = resolve
  })
  const commit: Store['commit'] = async (commit) => {
    if (commit.event.type === 'deadline-passed') await gate
    await memory.commit(commit)
  }
  const run = await atWork({}, { store: { ...memory, commit } })
  run.transport.takeAssignments()
  run.clock.advanceTo(1000)
  await idle()
  const closed = run.engine.close()
  write()
  await closed
  expect(run.stateOf().stage).toMatchObject({ attempt: 2 })
  expect([run.transport.takeAssignments(), run.clock.nextWake()]).toEqual([[], null])
})
