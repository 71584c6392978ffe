import { z } from 'zod'

const maxLength = z.int().min(8).default(256).describe('longest sequence in tokens; longer examples are cut')

/** `{text}` once, then `{label}` at the very end: what follows the label could not be asked for. */
const template = z
  .string()
  .refine((text) => text.split('{text}').length === 2 && text.split('{label}').length === 2, {
    error: 'must hold {text} and {label} once each',
  })
  .refine((text) => text.endsWith('{label}'), { error: 'must end with {label}' })

/** How the lines of a client's JSONL file become prompts and completions. */
export const dataSpec = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.literal('classification'),
    template: template.default('{text}\nSection: {label}').describe('prompt around a row; ends with {label}'),
    maxLength,
    labels: z.array(z.string().min(1)).min(2).optional().describe('the classes; those of the data when absent'),
  }),
  z.strictObject({ format: z.literal('chat'), maxLength }),
])

export type DataSpec = z.infer<typeof dataSpec>
export type ClassificationSpec = Extract<DataSpec, { format: 'classification' }>
