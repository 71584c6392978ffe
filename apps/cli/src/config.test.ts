import { expect, it } from 'vitest'
import { readConfig } from './config.ts'

it('takes from the environment what flags fall back to', () => {
  const env = { TESSERA_HOME: '/state', TESSERA_SERVER: 'http://c:1', TESSERA_TOKEN: 't', DATABASE_URL: 'postgres://d' }
  expect(readConfig({ ...env, TESSERA_LOG: 'warn', TESSERA_DISK_RESERVE: '64' })).toEqual({
    dataFolder: '/state',
    server: 'http://c:1',
    token: 't',
    databaseUrl: 'postgres://d',
    logLevel: 'warn',
    diskReserve: 64,
  })
})

it('has presets for all that the environment does not name', () => {
  const { dataFolder, ...config } = readConfig({})
  expect(dataFolder).toMatch(/\.tessera$/)
  const none = { token: undefined, databaseUrl: undefined }
  expect(config).toEqual({ server: 'http://127.0.0.1:8080', logLevel: 'info', diskReserve: 256, ...none })
})

it.each(['a lot', '0', '-3', '1.5'])('refuses %j as a reserve', (text) => {
  expect(() => readConfig({ TESSERA_DISK_RESERVE: text })).toThrow(
    expect.objectContaining({ code: 'invalid-config', message: expect.stringContaining('TESSERA_DISK_RESERVE') }),
  )
})
