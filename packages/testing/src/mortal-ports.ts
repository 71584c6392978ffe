import type { Ports } from '@tessera/federation'
import type { Life } from './life.ts'
import { mortalStore } from './mortal-store.ts'

/** All ports as a process has them that may die: before and after each durable write, and after each effect. */
export function mortalPorts({ clock, log, transport, store, workbench, observer }: Ports, life: Life): Ports {
  const { weightOf } = workbench
  const living = (deed: () => void): void => {
    if (!life.over) deed()
  }
  return {
    clock: {
      now: () => clock.now(),
      wakeAt: (at, wake) => {
        let cancel = () => {}
        life.act(`an alarm is set for ${at}`, () => {
          cancel = clock.wakeAt(at, () => living(wake))
        })
        return () => cancel()
      },
    },
    log: {
      info: (...line) => living(() => log.info(...line)),
      warn: (...line) => living(() => log.warn(...line)),
      error: (...line) => living(() => log.error(...line)),
    },
    transport: {
      assign: (client, message) => life.act(`${message.assignmentId} is sent`, () => transport.assign(client, message)),
      cancel: (client, work) => life.act(`${work.assignmentId} is called off`, () => transport.cancel(client, work)),
    },
    store: mortalStore(store, life),
    workbench: {
      makeFactors: (record) => life.ask(() => workbench.makeFactors(record)),
      evaluate: (record, version) => life.ask(() => workbench.evaluate(record, version)),
      ...(weightOf && { weightOf: (record) => life.ask(() => weightOf(record)) }),
    },
    observer: {
      changed: (record, state, event) =>
        life.act(`observers are told of event ${state.seq}`, () => observer.changed(record, state, event)),
      measured: (record, metrics) =>
        life.act('observers are told of measurements', () => observer.measured(record, metrics)),
    },
  }
}
