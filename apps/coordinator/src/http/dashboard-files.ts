import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

const NOT_BUILT =
  'The dashboard has not been built. Run `npm run build` in the checkout and reload this page.\n' +
  'Everything else works without it: see /api/health and /api/runs.\n'

/** Addresses that are pages rather than files: the page itself decides by the URL what it shows. */
const PAGES = ['/', '/runs/:id']

/** The dashboard's files. They are looked up when they are asked for, so a later build needs no restart. */
export async function registerDashboard(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: folder,
    index: false,
    cacheControl: false,
    setHeaders: (response, path) => {
      // Vite puts a hash of the content into the names below assets/.
      const isHashed = path.startsWith(join(folder, 'assets'))
      response.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  const page = (_request: unknown, reply: FastifyReply) => {
    if (existsSync(join(folder, 'index.html'))) return reply.sendFile('index.html')
    return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT)
  }
  for (const path of PAGES) app.get(path, page)
}
