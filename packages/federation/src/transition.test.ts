import { readFileSync } from 'node:fs'
import {
  aggregated,
  committed,
  createStory,
  deadlinePassed as deadline,
  factorsMade,
  failureOf,
  hashNamed,
  inRoundOne,
  joined,
  linesOf as lines,
  lost,
  passReduced,
  paused,
  type RunStory,
  restarted,
  resumed,
  statusesOf as statuses,
  storyRecord,
  told,
  updateOf,
} from '@tessera/testing'
import { assignmentId, clientId } from '@tessera/vocabulary'
import { describe, expect, it } from 'vitest'
import { RUN_PHASES, type RunEvent, type RunEventType, type RunPhase } from './index.ts'
import { NEXT } from './transition.ts'

const aborted: RunEvent = { type: 'aborted', reason: 'asked to' }

/** A run in every phase, told as it gets there. */
const IN_PHASE: Record<RunPhase, () => RunStory> = {
  recruiting: () => createStory(storyRecord()),
  initialising: () => told(createStory(storyRecord()), [joined('a'), joined('b')]),
  training: () => inRoundOne(['a', 'b']),
  aggregating: () => {
    const story = inRoundOne(['a', 'b'])
    return told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')])
  },
  committing: () => told(IN_PHASE.aggregating(), [aggregated]),
  paused: () => told(inRoundOne(['a', 'b']), [paused]),
  finished: () => {
    const story = inRoundOne(['a', 'b'], { total: 1 })
    return told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b'), aggregated, committed])
  },
  abandoned: () => told(createStory(storyRecord()), [aborted]),
}

const WORK = { assignmentId: assignmentId('run-1.train-1.a'), clientId: clientId('a') }
const EXAMPLES: { readonly [Type in RunEventType]: RunEvent & { type: Type } } = {
  'client-joined': { type: 'client-joined', clientId: clientId('a'), examples: 10 },
  'client-left': { type: 'client-left', clientId: clientId('a'), how: 'lost' },
  'update-received': { type: 'update-received', ...WORK, weight: 10, hash: hashNamed('update') },
  'assignment-failed': { type: 'assignment-failed', ...WORK, reason: 'out of memory' },
  'deadline-passed': { type: 'deadline-passed' },
  'pass-reduced': { type: 'pass-reduced', panel: hashNamed('panel') },
  'factors-made': { type: 'factors-made', factors: hashNamed('factors'), coordinates: hashNamed('start') },
  'aggregated': { type: 'aggregated', coordinates: hashNamed('next'), largestUpdate: [0.25], updateNorm: 0.5 },
  'committed': { type: 'committed' },
  'paused': { type: 'paused', cause: 'asked', reason: 'asked to' },
  'resumed': { type: 'resumed' },
  'aborted': { type: 'aborted', reason: 'asked to' },
  'restarted': { type: 'restarted' },
}

describe('the life of a run', () => {
  it('goes from recruiting over two passes and two rounds to finished', () => {
    const story = createStory(storyRecord({ initialisation: 'federated-sketch' }))
    const both = () => [updateOf(story.state, 'a'), updateOf(story.state, 'b')]
    const tell = (event: RunEvent) => lines(story.tell(event))
    expect(tell(joined('a'))).toEqual(['set-deadline 1000'])
    expect(tell(joined('b'))).toEqual(['assign a', 'assign b', 'set-deadline 1000'])
    expect(story.state).toMatchObject({ phase: 'initialising', stage: { kind: 'probe', index: 0 } })
    for (const index of [0, 1]) {
      expect(story.state.stage).toMatchObject({ kind: 'probe', index })
      const [first, second] = both()
      expect(tell(first)).toEqual([])
      expect(tell(second)).toEqual(['reduce-pass'])
      if (index === 0) expect(tell(passReduced)).toEqual(['assign a', 'assign b', 'set-deadline 1000'])
    }
    expect(tell(factorsMade)).toEqual(['evaluate 0', 'assign a', 'assign b', 'set-deadline 1000'])
    for (const index of [1, 2]) {
      expect(story.state).toMatchObject({ phase: 'training', round: index - 1, stage: { kind: 'train', index } })
      const [first, second] = both()
      expect(tell(first)).toEqual([])
      expect(tell(second)).toEqual(['aggregate'])
      expect(story.state.phase).toBe('aggregating')
      expect(tell(aggregated)).toEqual(['commit'])
      expect(story.state).toMatchObject({ phase: 'committing', largestUpdate: [0.25], updateNorm: 0.5 })
      expect(tell(committed)[0]).toBe(`evaluate ${index}`)
    }
    expect(story.state).toMatchObject({ phase: 'finished', round: 2, stage: null, coordinates: hashNamed('next') })
  })

  it('makes the factors at the coordinator where no client is needed', () => {
    const story = createStory(storyRecord())
    story.tell(joined('a'))
    expect(lines(story.tell(joined('b')))).toEqual(['make-factors'])
    expect(story.state).toMatchObject({ phase: 'initialising', stage: null })
  })

  it('waits for the whole cohort, and after the deadline takes the quorum', () => {
    const story = createStory(storyRecord({ size: 3, quorum: 2 }))
    told(story, [joined('a'), joined('b')])
    story.at(999)
    story.tell(deadline)
    expect(story.state.phase).toBe('recruiting')
    story.at(1000)
    expect(lines(story.tell(deadline))).toEqual(['make-factors'])
  })

  it('waits on below the quorum, and starts with the client that makes it, also after the deadline', () => {
    const story = createStory(storyRecord({ size: 3, quorum: 2 }))
    told(story, [joined('a'), joined('b'), lost('b')])
    story.at(5000)
    story.tell(deadline)
    expect(story.state.phase).toBe('recruiting')
    story.tell(joined('c'))
    expect(story.state.phase).toBe('initialising')
  })
})

describe('a stage', () => {
  it('closes over a quorum at its deadline and calls off the others', () => {
    const story = inRoundOne(['a', 'b', 'c'], { quorum: 2 })
    told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'c')])
    story.at(999)
    expect(lines(story.tell(deadline))).toEqual(['set-deadline 1000'])
    story.at(1000)
    expect(lines(story.tell(deadline))).toEqual(['cancel b: the round is over', 'aggregate'])
    expect(statuses(story.state)).toEqual({ a: 'received', c: 'received' })
  })

  it('closes at once when those who are left make a quorum', () => {
    const story = inRoundOne(['a', 'b', 'c'], { quorum: 2 })
    told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'c')])
    expect(lines(story.tell(failureOf(story.state, 'b')))).toEqual(['aggregate'])
  })

  it('tries again with new clients and keeps what it received', () => {
    const story = inRoundOne(['a', 'b'])
    told(story, [joined('c'), updateOf(story.state, 'a'), lost('b')])
    story.at(1000)
    expect(lines(story.tell(deadline))).toEqual([
      'cancel b: another client takes its place',
      'assign c',
      'set-deadline 2000',
    ])
    expect(story.state.stage).toMatchObject({ attempt: 2 })
    expect(statuses(story.state)).toEqual({ a: 'received', c: 'open' })
    expect(lines(story.tell(updateOf(story.state, 'c')))).toEqual(['aggregate'])
  })

  it('pauses after its attempts and says how far it came; resumed, it starts over with who is there', () => {
    const story = inRoundOne(['a', 'b'])
    told(story, [updateOf(story.state, 'a'), lost('b')])
    story.at(1000)
    story.tell(deadline)
    story.at(2000)
    story.tell(deadline)
    expect(story.state).toMatchObject({
      phase: 'paused',
      pausedFrom: 'training',
      pauseCause: 'quorum',
      message: 'round 1 got 1 updates where 2 make a quorum, in 2 attempts',
    })
    expect(lines(story.tell(joined('c')))).toEqual([])
    story.at(9000)
    expect(lines(story.tell(resumed))).toEqual(['assign c', 'set-deadline 10000'])
    expect(story.state).toMatchObject({
      phase: 'training',
      pausedFrom: null,
      pauseCause: null,
      message: null,
      stage: { attempt: 1 },
    })
    expect(statuses(story.state)).toEqual({ a: 'received', c: 'open' })
  })

  it('pauses when the only attempt fails, and can be resumed all the same', () => {
    const story = inRoundOne(['a', 'b'], { attempts: 1 })
    told(story, [failureOf(story.state, 'a'), failureOf(story.state, 'b')])
    expect(story.state.phase).toBe('paused')
    expect(lines(story.tell(resumed))).toEqual(['assign a', 'assign b', 'set-deadline 1000'])
  })

  it('pauses also when the last word on a stage without a quorum is an update', () => {
    const story = inRoundOne(['a', 'b'], { attempts: 1 })
    told(story, [failureOf(story.state, 'a'), updateOf(story.state, 'b')])
    expect(story.state).toMatchObject({ phase: 'paused', pausedFrom: 'training' })
    expect(statuses(story.state)).toEqual({ a: 'failed', b: 'received' })
  })

  it('gives a client that left and returned its open work again, and asks nothing of one that has sent', () => {
    const story = inRoundOne(['a', 'b'])
    const [before] = story.state.stage?.assignments ?? []
    told(story, [updateOf(story.state, 'b'), lost('a'), lost('b')])
    const [again, ...rest] = story.tell(joined('a'))
    expect(again).toMatchObject({ type: 'assign', assignment: before })
    expect(rest).toEqual([])
    expect(story.tell(joined('b'))).toEqual([])
  })

  it('gives a free place to whoever is there, or to the next who comes, and takes no further one', () => {
    const story = inRoundOne(['a', 'b', 'c'], { quorum: 2 })
    expect(lines(story.tell(joined('d')))).toEqual([])
    expect(lines(story.tell(failureOf(story.state, 'b')))).toEqual(['assign d'])
    story.tell(failureOf(story.state, 'c'))
    expect(lines(story.tell(joined('e')))).toEqual(['assign e'])
    expect(lines(story.tell(joined('f')))).toEqual([])
    expect(statuses(story.state)).toEqual({ a: 'open', b: 'failed', c: 'failed', d: 'open', e: 'open' })
  })

  it('takes a joiner also when nobody else is left to wait for', () => {
    const story = inRoundOne(['a', 'b'])
    told(story, [updateOf(story.state, 'a'), lost('a'), lost('b')])
    story.at(1000)
    story.tell(deadline)
    expect(statuses(story.state)).toEqual({ a: 'received' })
    expect(lines(story.tell(joined('c')))).toEqual(['assign c'])
  })

  it('calls off open work when the run is aborted', () => {
    const story = inRoundOne(['a', 'b'])
    story.tell(updateOf(story.state, 'a'))
    expect(lines(story.tell(aborted))).toEqual(['cancel b: asked to'])
    expect(story.state).toMatchObject({ phase: 'abandoned', message: 'asked to', stage: null })
  })

  it('counts updates that arrive while the run is paused', () => {
    const story = inRoundOne(['a', 'b'])
    story.tell(paused)
    expect(lines(story.tell(updateOf(story.state, 'a')))).toEqual([])
    expect(lines(story.tell(updateOf(story.state, 'b')))).toEqual([])
    expect(lines(story.tell(resumed))).toEqual(['aggregate'])
    expect(story.state.phase).toBe('aggregating')
  })

  it('waits for absent clients after a pause when the quorum is there, and gives their places away when it is not', () => {
    const quorate = inRoundOne(['a', 'b', 'c'], { quorum: 1 })
    told(quorate, [updateOf(quorate.state, 'a'), lost('b'), lost('c'), paused, resumed])
    expect(statuses(quorate.state)).toEqual({ a: 'received', b: 'open', c: 'open' })
    const short = inRoundOne(['a', 'b', 'c'], { quorum: 2 })
    told(short, [updateOf(short.state, 'a'), lost('b'), joined('d'), paused, resumed])
    expect(statuses(short.state)).toEqual({ a: 'received', c: 'open', d: 'open' })
  })

  it('keeps working clients at work through a pause', () => {
    const story = inRoundOne(['a', 'b'])
    told(story, [joined('c'), joined('d'), paused])
    expect(lines(story.tell(resumed))).toEqual(['assign a', 'assign b', 'set-deadline 1000'])
  })
})

describe('an update that is not awaited', () => {
  it('is refused the second time', () => {
    const story = inRoundOne(['a', 'b'])
    const update = updateOf(story.state, 'a')
    story.tell(update)
    expect(story.refuse(update)).toBe('duplicate-update')
  })

  it('is refused from another client than the one it was given to', () => {
    const story = inRoundOne(['a', 'b'])
    expect(story.refuse({ ...EXAMPLES['update-received'], clientId: clientId('b') })).toBe('unknown-assignment')
  })

  it('is refused when its round is over, and when its place was given up', () => {
    const story = inRoundOne(['a', 'b', 'c'], { quorum: 2 })
    const late = updateOf(story.state, 'c')
    told(story, [updateOf(story.state, 'a'), failureOf(story.state, 'c')])
    expect(story.refuse(late)).toBe('round-over')
    story.tell(updateOf(story.state, 'b'))
    expect(story.refuse(late)).toBe('round-over')
    told(story, [aggregated, committed])
    expect(story.refuse(late)).toBe('round-over')
  })

  it('is refused in a pass that is being reduced', () => {
    const story = createStory(storyRecord({ initialisation: 'federated-sketch', size: 3, quorum: 2 }))
    told(story, [joined('a'), joined('b'), joined('c')])
    const late = updateOf(story.state, 'c')
    told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')])
    story.at(1000)
    expect(lines(story.tell(deadline))).toEqual(['cancel c: the round is over', 'reduce-pass'])
    expect(story.refuse(late)).toBe('round-over')
    expect(lines(story.tell(deadline))).toEqual([])
  })
})

describe('a restart', () => {
  it.each([
    ['recruiting', ['set-deadline 8000']],
    ['initialising', ['make-factors']],
    ['training', ['assign a', 'assign b', 'set-deadline 8000']],
    ['aggregating', ['aggregate']],
    ['committing', ['commit']],
    ['paused', []],
  ] as const)('in phase %s stays there, expects who was in the run back, and asks for %j again', (phase, effects) => {
    const story = IN_PHASE[phase]()
    const present = () => Object.keys(story.state.members).filter((id) => story.state.members[id]!.present)
    const before = present()
    story.at(7000)
    expect(lines(story.tell(restarted))).toEqual(effects)
    expect(story.state.phase).toBe(phase)
    expect(present()).toEqual(phase === 'recruiting' ? [] : before) // who starts a run has to be there
  })

  it('in a pass that waits for its reduction asks for it again', () => {
    const story = createStory(storyRecord({ initialisation: 'federated-sketch' }))
    told(story, [joined('a'), joined('b')])
    told(story, [updateOf(story.state, 'a'), updateOf(story.state, 'b')])
    expect(lines(story.tell(restarted))).toEqual(['reduce-pass'])
  })

  it('keeps what was received', () => {
    const story = inRoundOne(['a', 'b'])
    told(story, [updateOf(story.state, 'a'), restarted])
    expect(statuses(story.state)).toEqual({ a: 'received', b: 'open' })
  })
})

describe('the table', () => {
  const types = Object.keys(EXAMPLES) as RunEventType[]
  const cases = RUN_PHASES.flatMap((phase) => types.map((type) => [phase, type] as const))

  it.each(cases.filter(([phase, type]) => !(type in NEXT[phase])))('refuses in phase %s: %s', (phase, type) => {
    const late = type === 'update-received' || type === 'assignment-failed'
    const arrived = phase === 'aggregating' || phase === 'committing' ? 'duplicate-update' : 'round-over'
    expect(IN_PHASE[phase]().refuse(EXAMPLES[type])).toBe(late ? arrived : 'illegal-event')
  })

  it.each([passReduced, factorsMade])('refuses $type while the run waits for clients', (event) => {
    const story = createStory(storyRecord({ initialisation: 'federated-sketch' }))
    told(story, [joined('a'), joined('b')])
    expect(story.refuse(event)).toBe('illegal-event')
  })

  it('is the table of the README', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const lines = readme.split('\n')
    const start = lines.findIndex((line) => line.startsWith('| event'))
    const rows = lines.slice(start, lines.indexOf('', start))
    const [header, , ...body] = rows.map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    const table = Object.fromEntries(RUN_PHASES.map((phase) => [phase, {} as Record<string, string[]>]))
    for (const [event, ...cells] of body) {
      for (const [at, cell] of cells.entries()) {
        const phase = header[at + 1]
        if (cell !== '') table[phase][event] = cell.split(', ').map((to) => (to === 'stays' ? phase : to))
      }
    }
    expect(table).toEqual(NEXT)
  })
})
