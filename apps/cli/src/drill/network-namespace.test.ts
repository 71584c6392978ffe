import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { makeNamespace, namespaceAbility, netemOf, type RunProgram } from './network-namespace.ts'

/** A machine that writes down what it is asked to do, and fails at what it can not. */
function machine(fails: (line: string) => boolean = () => false) {
  const lines: string[] = []
  const run: RunProgram = async (program, args) => {
    const line = [program, ...args].join(' ')
    lines.push(line)
    if (fails(line)) throw new Error(`Command failed: ${line}\nError: not here`)
  }
  return { lines, run }
}

const name = `tessera-drill-${process.pid}-0`
const cable = `td${process.pid}-0`

describe("a worker's network namespace", () => {
  it('is one cable with a name of this process, and is removed with its name alone', async () => {
    const { lines, run } = machine()
    const namespace = await makeNamespace(0, run)
    const made = lines.splice(0)
    expect(made[0]).toBe(`ip netns add ${name}`)
    expect(made[1]).toBe(`ip link add ${cable} type veth peer name worker0 netns ${name}`)
    await namespace.remove()
    expect(lines).toEqual([`ip netns delete ${name}`])
  })

  it('leaves nothing behind when a part of it can not be made', async () => {
    const { lines, run } = machine((line) => line.includes('peer'))
    await expect(makeNamespace(0, run)).rejects.toThrow('not here')
    expect(lines.at(-1)).toBe(`ip netns delete ${name}`)
  })

  it('disturbs both ends of the cable, takes the link down for a partition, and mends each before the next', async () => {
    const { lines, run } = machine()
    const namespace = await makeNamespace(0, run)
    lines.length = 0
    await namespace.set({ kind: 'dup', share: 0.25 })
    await namespace.set({ kind: 'partition' })
    await namespace.set(null)
    expect(lines).toEqual([
      `tc -n ${name} qdisc replace dev worker0 root netem duplicate 25%`,
      `tc qdisc replace dev ${cable} root netem duplicate 25%`,
      `tc -n ${name} qdisc replace dev worker0 root pfifo`,
      `tc qdisc replace dev ${cable} root pfifo`,
      `ip -n ${name} link set worker0 down`,
      `ip -n ${name} link set worker0 up`,
    ])
  })

  it('says a fault in the words of tc netem', () => {
    expect(netemOf({ kind: 'latency', delayMs: 80, jitterMs: 40 }).join(' ')).toBe('delay 80ms 40ms loss 1%')
    expect(netemOf({ kind: 'reorder', share: 0.5 }).join(' ')).toBe('delay 20ms reorder 50%')
    expect(netemOf({ kind: 'corrupt', share: 0.125 }).join(' ')).toBe('corrupt 12.5%')
  })

  it('is known to be impossible, or possible without netem, by trying', async () => {
    const nothing = await namespaceAbility(machine((line) => line.startsWith('ip netns')).run)
    expect(nothing).toEqual({ links: false, netem: false, reason: 'Error: not here' })
    const { run, lines } = machine((line) => line.includes('netem'))
    expect(await namespaceAbility(run)).toEqual({ links: true, netem: false, reason: 'Error: not here' })
    expect(lines.at(-1)).toBe(`ip netns delete tessera-drill-${process.pid}-199`)
  })

  it('exists while it is needed, and only then, where this machine allows it', async () => {
    const names = async () => (await promisify(execFile)('ip', ['netns', 'list']).catch(() => ({ stdout: '' }))).stdout
    const { links } = await namespaceAbility()
    if (links) {
      const namespace = await makeNamespace(1)
      expect(await names()).toContain(`tessera-drill-${process.pid}-1`)
      await namespace.set({ kind: 'partition' })
      await namespace.set(null)
      await namespace.remove()
    }
    expect(await names()).not.toContain(`tessera-drill-${process.pid}-`)
  })
})
