export { type Codec, type CodecContext, type CodecProperty, defineCodec } from './codec.ts'
export { type CodecPlace, codecContext } from './codec-context.ts'
export { codecs } from './codecs.ts'
export { bfloat16, float16, float32, int4, int8, randomK, sign, ternary, topK } from './codecs-list.ts'
