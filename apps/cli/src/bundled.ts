import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Where the model and the data that come along are on this machine. */
export const BUNDLED = {
  model: join(ROOT, 'models/tiny-debian-llama'),
  train: join(ROOT, 'datasets/debian-sections/train.jsonl'),
  test: join(ROOT, 'datasets/debian-sections/test.jsonl'),
} as const
