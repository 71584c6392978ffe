import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers'
import { FedError } from '@tessera/vocabulary'
import { z } from 'zod'

/** Text ↔ token ids of one base model. */
export interface Tokenizer {
  /** Token ids of `text`; no special token is added. Special tokens spelled out in the text become their ids. */
  encode(text: string): number[]
  /** The text of `ids`, special tokens included. */
  decode(ids: readonly number[]): string
  /** The id that ends (and in our data also starts) a document. */
  readonly endOfTextId: number
  /** The id that fills short rows; the end of text where the model names no padding token. */
  readonly padId: number
  /** Number of distinct tokens, added tokens included. */
  readonly vocabSize: number
}

const namedToken = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)])
const tokenizerConfig = z.looseObject({ eos_token: namedToken, pad_token: namedToken.nullish() })

/**
 * A tokenizer in the Hugging Face layout.
 *
 * @param tokenizerJson The parsed `tokenizer.json`.
 * @param tokenizerConfigJson The parsed `tokenizer_config.json`; must name `eos_token`.
 * @throws {FedError} `invalid-model`: the two do not describe a tokenizer; the message says why.
 */
export function createTokenizer(tokenizerJson: unknown, tokenizerConfigJson: unknown): Tokenizer {
  const config = tokenizerConfig.safeParse(tokenizerConfigJson)
  if (!config.success) {
    throw new FedError('invalid-model', `tokenizer_config.json is not valid: ${z.prettifyError(config.error)}`)
  }
  const hub = openHubTokenizer(tokenizerJson, config.data)
  const idOf = (token: string): number => {
    const id = hub.token_to_id(token)
    if (id !== undefined) return id
    throw new FedError(
      'invalid-model',
      `tokenizer_config.json names the token "${token}", tokenizer.json has none such`,
    )
  }
  return {
    encode: (text) => hub.encode(text, { add_special_tokens: false }).ids,
    // The library refuses an empty list.
    decode: (ids) => (ids.length === 0 ? '' : hub.decode([...ids], { skip_special_tokens: false })),
    endOfTextId: idOf(config.data.eos_token),
    padId: idOf(config.data.pad_token ?? config.data.eos_token),
    vocabSize: hub.get_vocab().size,
  }
}

function openHubTokenizer(tokenizerJson: unknown, config: object): HubTokenizer {
  try {
    return new HubTokenizer(tokenizerJson as object, config)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new FedError('invalid-model', `tokenizer.json is not valid: ${reason}`, { cause })
  }
}
