import { z } from 'zod'
import type { CodecProperty } from './codec.ts'

/** The option of every codec that leaves something out of each update in a biased way; whoever encodes does it. */
export const errorFeedbackOption = z
  .boolean()
  .default(true)
  .describe('what is not sent of an update is added to the next one')

export const fedBack = (errorFeedback: boolean): readonly CodecProperty[] => (errorFeedback ? ['error-feedback'] : [])
