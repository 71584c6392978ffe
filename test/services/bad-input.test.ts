import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { startCoordinator } from '@tessera/coordinator'
import { writeSafetensors } from '@tessera/models'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createApiClient } from '../../apps/cli/src/api-client.ts'
import { type CoordinatorUnderTest, coordinatorUnderTest, TOKEN } from '../protocol/coordinator-under-test.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { tessera } from './tessera-command.ts'
import { BUNDLED_MODEL, bundledRows, endAll, startTessera } from './tessera-process.ts'

let folder: string
let coordinator: CoordinatorUnderTest
const servers: Server[] = []

const inFolder = (...names: string[]): string => join(folder, ...names)
const error = (code: string, message = '') => ({
  error: expect.objectContaining({ code, message: expect.stringContaining(message) }),
})

beforeAll(async () => {
  folder = await temporaryFolder('bad-input')
  coordinator = await coordinatorUnderTest()
})

afterAll(async () => {
  await endAll()
  await coordinator?.stop()
  for (const server of servers) server.close().closeAllConnections()
  await rm(folder, { recursive: true, force: true })
})

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A command that fails: its exit status, its one document, and what people read, which names the fix. */
async function failing(...args: string[]): Promise<{ exit: number; document: unknown; said: string }> {
  const home = ['--data-dir', inFolder('home'), '--server', coordinator.url]
  const { exit, documents, said } = await tessera(...home, ...args)
  expect(documents).toHaveLength(1)
  return { exit, document: documents[0], said }
}

async function serve(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler as never)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a data file', () => {
  const good = '{"text": "a", "label": "x"}'
  const files: [string, string, string, string][] = [
    ['with a broken line', `${good}\n\n${good.slice(0, -1)}\n${good}`, 'invalid-data', 'line 3: not JSON'],
    ['with a row that lacks a field', `${good}\n{"text": "b"}`, 'invalid-data', 'line 2: field "label"'],
    ['with a row that is no object', '[1]', 'invalid-data', 'line 1'],
    [
      'of chats with a broken turn',
      '{"messages": [{"role": "user"}]}',
      'invalid-data',
      'line 1: field "messages.0.content"',
    ],
    ['without rows', '\n \n', 'empty-data', 'no rows'],
  ]

  it.each(files)(
    '%s is refused by join with exit status 5, and nothing is made',
    async (_what, text, code, message) => {
      const data = inFolder('bad.jsonl')
      await writeFile(data, text)
      const state = inFolder('state')
      const { exit, document, said } = await failing('join', coordinator.url, '--data', data, '--state-dir', state)
      expect([exit, document]).toEqual([5, error(code, message)])
      expect(said).toContain(message)
      expect(await readdir(folder)).not.toContain('state')
    },
  )

  it('with a broken line is refused by eval as well, and one that is not there with exit status 4', async () => {
    await writeFile(inFolder('bad.jsonl'), `${good}\nnot a row\n`)
    const broken = await failing('eval', '--model', BUNDLED_MODEL, '--data', inFolder('bad.jsonl'))
    expect([broken.exit, broken.document]).toEqual([5, error('invalid-data', 'line 2: not JSON')])
    const absent = await failing('eval', '--model', BUNDLED_MODEL, '--data', inFolder('absent.jsonl'))
    expect([absent.exit, absent.document]).toEqual([4, error('file-not-found', 'absent.jsonl')])
    expect(absent.said).toContain('fix')
  })
})

/** The bundled model with one file replaced, or left out where the text is null. */
async function modelWith(file: string, text: string | null): Promise<string> {
  const model = inFolder('model')
  await rm(model, { recursive: true, force: true })
  await mkdir(model)
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])
    if (name !== file) await symlink(join(BUNDLED_MODEL, name), join(model, name))
  if (text !== null) await writeFile(join(model, file), text)
  return model
}

async function configWith(change: object): Promise<string> {
  const config = JSON.parse(await readFile(join(BUNDLED_MODEL, 'config.json'), 'utf8')) as object
  return JSON.stringify({ ...config, ...change })
}

describe('a model folder', () => {
  const wrongShape = 'tensor "model.layers.0.mlp.gate_proj.weight": expected shape [520,192], got [512,192]'
  const folders: [string, () => Promise<string>, number, string, string][] = [
    ['without weights', () => modelWith('model.safetensors', null), 5, 'missing-weights', 'no model.safetensors'],
    [
      'whose weights are cut short',
      () => modelWith('model.safetensors', 'half'),
      5,
      'corrupt-safetensors',
      'model.safetensors',
    ],
    [
      'with a tensor of another shape',
      async () => modelWith('config.json', await configWith({ intermediate_size: 520 })),
      5,
      'invalid-model',
      wrongShape,
    ],
    [
      'of an unknown architecture',
      async () => modelWith('config.json', await configWith({ model_type: 'mamba' })),
      5,
      'unknown-architecture',
      '"mamba"; known: llama',
    ],
    ['that is not there', async () => inFolder('nowhere'), 4, 'file-not-found', 'nowhere'],
  ]

  it.each(folders)(
    '%s is refused by eval, and by the coordinator when a run asks for it',
    async (...[, make, exit, code, message]) => {
      const model = await make()
      const here = await failing('eval', '--model', model, '--data', bundledRows('test'))
      expect([here.exit, here.document]).toEqual([exit, error(code, message)])
      expect(here.said).toContain('fix')
      const before = await coordinator.api.runs()
      const there = await failing('--token', TOKEN, 'run', '--set', `model=${model}`)
      expect([there.exit, there.document]).toEqual([exit, error(code)])
      expect(await coordinator.api.runs()).toEqual(before)
    },
  )

  it('that has become good is taken: the coordinator remembers no failure', async () => {
    const bad = await modelWith('config.json', await configWith({ model_type: 'mamba' }))
    await failing('--token', TOKEN, 'run', '--set', `model=${bad}`)
    const good = await modelWith('', null)
    const made = await tessera('--server', coordinator.url, '--token', TOKEN, 'run', '--set', `model=${good}`)
    expect(made.exit).toBe(0)
    await coordinator.api.steer((made.documents[0] as { id: string }).id, 'abort')
  })
})

describe('an adapter folder', () => {
  const evaluate = (adapter: string) =>
    failing('eval', '--model', BUNDLED_MODEL, '--data', bundledRows('test'), '--adapter', adapter)
  const config = { peft_type: 'LORA', r: 2, lora_alpha: 2 }
  const key = 'base_model.model.model.layers.0.self_attn.q_proj.lora'
  const tensor = (rows: number, cols: number) => ({
    dtype: 'F32' as const,
    shape: [rows, cols],
    data: new Float32Array(rows * cols),
  })
  const fitting = { [`${key}_A.weight`]: tensor(2, 192), [`${key}_B.weight`]: tensor(192, 2) }

  it.each([
    [
      'with factors of another rank',
      config,
      { ...fitting, [`${key}_A.weight`]: tensor(3, 192) },
      'layers.0.self_attn.q_proj',
    ],
    [
      'for a layer that the model has not',
      config,
      { ...fitting, 'base_model.model.nose.lora_A.weight': tensor(2, 2) },
      'nose',
    ],
    ['of another kind', { ...config, peft_type: 'IA3' }, fitting, 'peft_type'],
    ['without any layer', config, {}, 'no factors'],
  ])('%s is refused, and the message names what is wrong', async (_what, json, tensors, message) => {
    const adapter = inFolder('adapter')
    await mkdir(adapter, { recursive: true })
    await writeFile(join(adapter, 'adapter_config.json'), JSON.stringify(json))
    await writeFile(join(adapter, 'adapter_model.safetensors'), writeSafetensors(tensors))
    const { exit, document, said } = await evaluate(adapter)
    expect([exit, document]).toEqual([5, error('invalid-adapter', message)])
    expect(said).toContain('fix')
  })

  it('that is empty is refused by the file that it lacks', async () => {
    await mkdir(inFolder('empty'))
    expect(await evaluate(inFolder('empty'))).toMatchObject({
      exit: 5,
      document: error('invalid-adapter', 'adapter_config.json'),
    })
  })
})

describe('a run specification', () => {
  const set = (...assignments: string[]) =>
    failing('--token', TOKEN, 'run', ...assignments.flatMap((assignment) => ['--set', assignment]))

  it('with a rank larger than the layer is refused, with the rank and the layer', async () => {
    const { exit, document } = await set(`model=${BUNDLED_MODEL}`, 'targets=[k_proj]', 'adapter.rank=97')
    expect([exit, document]).toEqual([5, error('rank-too-large', '97')]) // k_proj is [96, 192]
    expect(JSON.stringify(document)).toContain('self_attn.k_proj')
  })

  it.each([
    ['a field that there is not', ['adaptor.rank=4'], 5, 'invalid-config', 'adaptor'],
    ['a target that the model has not', [`model=${BUNDLED_MODEL}`, 'targets=[nose]'], 5, 'invalid-config', 'nose'],
    ['a quorum over the cohort', ['rounds.cohort={size: 2, quorum: 3}'], 5, 'invalid-config', 'quorum'],
    ['no value', ['seed'], 5, 'invalid-config', 'path=value'],
    ['YAML that is none', ['targets=[q_proj'], 5, 'invalid-config', 'YAML'],
    [
      'an evaluation file that is not there',
      ['evaluation.file=absent.jsonl', `model=${BUNDLED_MODEL}`],
      4,
      'file-not-found',
      'absent.jsonl',
    ],
  ] as const)('with %s is refused and makes no run', async (...[, assignments, exit, code, message]) => {
    const before = await coordinator.api.runs()
    const refused = await set(...assignments)
    expect([refused.exit, refused.document]).toEqual([exit, error(code, message)])
    expect(await coordinator.api.runs()).toEqual(before)
  })
})

describe('a coordinator', () => {
  it('refuses a wrong token from the command and from a worker with exit status 2', async () => {
    const command = await failing('--token', 'wrong', 'runs', 'abort', 'any')
    expect([command.exit, command.document]).toEqual([2, error('unauthorized')])
    await writeFile(inFolder('one.jsonl'), '{"text": "a", "label": "x"}\n')
    const flags = ['--data', inFolder('one.jsonl'), '--device', 'tfjs-cpu', '--state-dir', inFolder('mallory')]
    const { exit, documents, said } = await tessera('--token', 'wrong', 'join', coordinator.url, ...flags)
    expect([exit, documents.at(-1)]).toEqual([2, error('unauthorized', 'token')])
    expect(said).toContain('invitation')
  })

  it('that nobody runs, that is something else, and that is no address, are told apart', async () => {
    const foreign = await serve((_request, response) => response.end('<h1>It works!</h1>'))
    const gone = (await failing('--server', 'http://127.0.0.1:1', 'runs', 'ls')) as { exit: number; document: unknown }
    expect([gone.exit, gone.document]).toEqual([2, error('unreachable', 'http://127.0.0.1:1')])
    const other = await failing('--server', foreign, 'runs', 'ls')
    expect([other.exit, other.document]).toEqual([2, error('unreachable', 'no coordinator')])
    for (const command of [
      ['--server', 'localhost', 'runs', 'ls'],
      ['join', 'localhost', '--data', bundledRows('test')],
    ]) {
      const { exit, document } = await failing(...command)
      expect([exit, document]).toEqual([5, error('invalid-config', '"localhost"')])
    }
  })

  it('knows no run of another name, and a command no flag of another name', async () => {
    const unknown = await failing('runs', 'show', 'nobody')
    expect([unknown.exit, unknown.document]).toEqual([4, error('unknown-run', 'nobody')])
    const misspelt = await failing('runs', 'ls', '--jsn')
    expect([misspelt.exit, misspelt.document]).toEqual([5, error('invalid-config', '--jsn')])
  })
})

describe('a device', () => {
  it('that is missing is refused with exit status 6 and the fix; one that nobody knows, with the known ones', async () => {
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '-1') // also where there is one
    const flags = ['--model', BUNDLED_MODEL, '--data', bundledRows('test'), '--device']
    const missing = await failing('eval', ...flags, 'onnx-cuda')
    expect([missing.exit, missing.document]).toEqual([6, error('device-missing', 'onnx-cuda')])
    expect(missing.said).toContain('CUDA 12')
    const unknown = await failing('eval', ...flags, 'abacus')
    expect([unknown.exit, unknown.document]).toEqual([5, error('invalid-config', '"abacus"')])
    expect(unknown.said).toContain('onnx-cpu')
  })
})

describe('tessera up', () => {
  it('says which database does not answer, with exit status 2 and without the password', async () => {
    const url = 'postgresql://someone:hunter2@127.0.0.1:1/somewhere'
    vi.stubEnv('DATABASE_URL', url)
    for (const flags of [[], ['--db', url]]) {
      const { exit, document, said } = await failing('up', '--port', '0', ...flags)
      expect([exit, document]).toEqual([2, error('database-unreachable', '127.0.0.1:1/somewhere')])
      expect(said).toContain('DATABASE_URL')
      expect(said + JSON.stringify(document)).not.toContain('hunter2')
    }
    const garbage = await failing('up', '--port', '0', '--db', 'mysql://127.0.0.1/x')
    expect([garbage.exit, garbage.document]).toEqual([5, error('invalid-config', 'PostgreSQL URL')])
    const port = await failing('up', '--port', '65536')
    expect([port.exit, port.document]).toEqual([5, error('invalid-config', '65535')])
  })

  it('says that its port is in use with exit status 4, ends by itself, and leaves the runs as they were', async () => {
    const dataFolder = inFolder('coordinator')
    const options = { port: 0, host: '127.0.0.1', dataFolder, token: TOKEN, logLevel: 'info' }
    const first = await startCoordinator(options)
    const id = await createApiClient(first.url, TOKEN).createRun({ model: BUNDLED_MODEL })
    await first.stop()

    const { port } = new URL(coordinator.url)
    const refused = startTessera(dataFolder, ['up', '--port', port, '--db', 'embedded'])
    expect(await refused.ended).toBe(4)
    expect(refused.documents).toEqual([error('port-in-use', port)])
    expect(refused.said()).toContain('--port')

    const second = await startCoordinator(options)
    expect(await createApiClient(second.url, TOKEN).run(id)).toMatchObject({ phase: 'recruiting', message: null })
    await second.stop()
  })
})
