import { type BytePlace, ByteSorter, type CoordinatorMessage, type Reply, type WorkerMessage } from '@tessera/protocol'
import type { ClientId } from '@tessera/vocabulary'
import type { Socket } from 'socket.io'
import type { ByteLedger, Moved } from './byte-ledger.ts'
import { type Packet, packetBytes } from './packet-bytes.ts'

type Connection = Socket['conn']

/**
 * Counts what one connection carries. Frames count where they are sorted to; everything around them, from the request
 * that opened the connection to the frame that closes it, is `control` of the work that the client has in hand. So the
 * sum is what the operating system carried. A frame counts when it is handed to the connection: what a broken one
 * could not send any more stays counted.
 */
export class ConnectionMeter {
  readonly #ledger: ByteLedger
  #client: ClientId | null = null
  #sorter = new ByteSorter()
  /** What came before the hello was taken: it belongs to the client that it will be. */
  #early: { up: number; down: number } = { up: 0, down: 0 }

  constructor(ledger: ByteLedger, connection: Connection) {
    this.#ledger = ledger
    this.#watch(connection)
  }

  admitted(client: ClientId): void {
    this.#client = client
    this.#sorter = this.#ledger.sorterOf(client)
    this.#settleEarly()
  }

  /** A worker's message, null where it came damaged, and its answer. */
  exchange(request: WorkerMessage | null, answer: Reply, { up, down }: Moved): void {
    const places = this.#sorter.exchange(request, answer)
    this.#count(places.request, { up, down: 0 })
    this.#count(places.answer, { up: 0, down })
  }

  /** A message to the worker, `again` when it was sent before; returns what counts its answer. */
  told(message: CoordinatorMessage, { again, bytes }: { again: boolean; bytes: number }): (answer: number) => void {
    const place = this.#sorter.told(message, again)
    this.#count(place, { up: 0, down: bytes })
    return (answer) => this.#count(place, { up: answer, down: 0 })
  }

  #watch(connection: Connection): void {
    const wire = wireOf(connection)
    const seen = wire() // nothing is on its way: the worker waits for what it hears first
    this.#around(seen)
    const carried = { ...seen }
    connection.on('packet', (packet: Packet) => {
      const { whole, payload } = packetBytes(packet, { masked: true })
      carried.up += whole
      this.#around({ up: whole - payload, down: 0 })
    })
    connection.on('flush', (packets: readonly Packet[]) => {
      for (const packet of packets) {
        const { whole, payload } = packetBytes(packet, { masked: false })
        carried.down += whole
        this.#around({ up: 0, down: whole - payload })
      }
    })
    connection.once('close', () => {
      const { up, down } = wire()
      this.#around({ up: Math.max(0, up - carried.up), down: Math.max(0, down - carried.down) })
      this.#settleEarly()
    })
  }

  #around(moved: Moved): void {
    this.#count(this.#sorter.overhead(), moved)
  }

  #settleEarly(): void {
    const early = this.#early
    this.#early = { up: 0, down: 0 }
    this.#ledger.count(this.#client, this.#sorter.overhead(), early)
  }

  #count(place: BytePlace, { up, down }: Moved): void {
    if (this.#client !== null) this.#ledger.count(this.#client, place, { up, down })
    else {
      this.#early.up += up
      this.#early.down += down
    }
  }
}

/**
 * What the operating system has carried until now on the connection. It is known where the connection began as a
 * WebSocket, as the workers' do; the requests of long polling share theirs with others.
 */
function wireOf({ request }: Connection): () => Moved {
  const { socket } = request
  if (request.headers.upgrade?.toLowerCase() !== 'websocket') return () => ({ up: 0, down: 0 })
  return () => ({ up: socket.bytesRead, down: socket.bytesWritten })
}
