import { createHash } from 'node:crypto'

/**
 * A natural non-IID split: every row goes where its maintainer is hashed to (the first four bytes of SHA-256, modulo
 * the number of clients), so that a client's rows share their authors, their style and their sections.
 *
 * @returns JSONL by client name, `client-1` and on.
 */
export function splitByMaintainer(jsonl: string, clients: number): Record<string, string> {
  const lines: string[][] = Array.from({ length: clients }, () => [])
  for (const line of jsonl.split('\n')) {
    if (line.trim() === '') continue
    const { client } = JSON.parse(line) as { client: string }
    lines[createHash('sha256').update(client).digest().readUInt32BE(0) % clients].push(line)
  }
  return Object.fromEntries(lines.map((own, at) => [`client-${at + 1}`, `${own.join('\n')}\n`]))
}
