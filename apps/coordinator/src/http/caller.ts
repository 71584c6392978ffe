import type { FastifyRequest } from 'fastify'
import { bearerToken, type Caller } from './access.ts'

export function callerOf({ socket, headers }: FastifyRequest): Caller {
  return { address: socket.remoteAddress, headers, token: bearerToken(headers.authorization) }
}
