import { z } from 'zod'
import { defineSubspace } from './subspace.ts'

/** Every coordinate of the adapter method is sent. */
export const none = defineSubspace({ name: 'none', config: z.object({}), frame: null })
