import { createRandomStream, type RandomStream } from '@tessera/math'
import { createLife } from '@tessera/testing'
import { type Coordinator, coordinatorIn, type World } from './mortal-federation.ts'
import type { PatientClient } from './patient-client.ts'

export interface Weather {
  readonly seed: number
  /** So many lives of the coordinator end at a random point; the one after them has no end. */
  readonly deaths: number
  /** Connections are lost too, also while the coordinator lives. */
  readonly losses: boolean
}

/** A life ends at one of its first so many points: half of a whole run. */
const LONGEST_LIFE = 60
const MOST_STEPS = 5000

/**
 * A run from its beginning to its end in bad weather: clients come back in any order, deliver in any order and without
 * waiting for answers, send again what was taken long ago, or nothing for a while; and the coordinator dies at random.
 */
export async function weather(world: World, { seed, deaths, losses }: Weather): Promise<void> {
  const random = createRandomStream({ seed, purpose: 'weather', round: 0, client: 0, block: 0 })
  for (let nth = 0; ; nth++) {
    const life = createLife(nth < deaths ? 1 + random.below(LONGEST_LIFE) : undefined)
    const coordinator = coordinatorIn(world, life)
    await coordinator.start()
    await muddleThrough(world, coordinator, { random, losses })
    if (!life.over) return
  }
}

async function muddleThrough(
  world: World,
  coordinator: Coordinator,
  { random, losses }: { random: RandomStream; losses: boolean },
): Promise<void> {
  const { life, connected } = coordinator
  const onTheWay: Promise<void>[] = []
  const clients = [...world.crowd.values()]
  const oneOf = <T>(things: readonly T[]): T => things[random.below(things.length)]!
  for (let steps = 0; !life.over && coordinator.state.phase !== 'finished'; steps++) {
    if (steps > MOST_STEPS) throw new Error(`the run does not end: ${JSON.stringify(coordinator.state)}`)
    const client = oneOf(clients)
    const happening = random.below(losses ? 9 : 8)
    if (happening < 2) await coordinator.rest()
    else if (!connected.has(client.id)) await coordinator.join(client)
    else if (happening === 2) onTheWay.push(sendAgain(coordinator, client, random))
    else if (happening === 8) await coordinator.leave(client, 'lost')
    else if (client.owed.size > 0) onTheWay.push(coordinator.deliver(client, oneOf([...client.owed.keys()])))
  }
  await Promise.all(onTheWay)
  await coordinator.rest()
}

async function sendAgain(coordinator: Coordinator, client: PatientClient, random: RandomStream): Promise<void> {
  if (client.taken.length > 0) await coordinator.repeat(client.taken[random.below(client.taken.length)]!)
}
