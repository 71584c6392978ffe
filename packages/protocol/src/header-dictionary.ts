/**
 * The texts that stand in headers, what comes most often last: the preset dictionary of their DEFLATE streams. It is a
 * part of the protocol, and every byte of it counts: a change is a new version of the frame layout. A field that is not
 * in it costs some bytes and nothing else.
 */
export const DICTIONARY_LINES: readonly string[] = [
  '{"type":"wanted","hash":"","missing":[',
  '{"type":"offer-blob","hash":"',
  '{"type":"store-chunk","hash":"',
  '{"type":"stored","hash":"","index":0,"complete":true}',
  '{"type":"cancel","runId":"","reason":"the round is over',
  '{"type":"decline","runId":"","code":"","message":"',
  '{"type":"refusal","code":"","message":"","fix":"","retryable":false}',
  '{"type":"idle","message":"waiting for',
  '{"type":"goodbye"}',
  '{"type":"welcome","protocol":,"clientId":"","serverTime":1',
  '{"type":"hello","protocol":,"token":"","clientId":"","clientSecret":"","examples":,"device":"","software":"tessera-worker 0.',
  '{"type":"assignment","runId":"","round":0,"assignmentId":".probe-0.","kind":"probe","pass":0,"spec":{"kind":"train"',
  ',"sites":[{"name":"model.layers.0.self_attn.q_proj","outDim":,"inDim":}],"model":[{"path":"model.safetensors","hash":"","size":',
  ',"artefact":"","coordinates":","step":{"hash":"","from":"},"baseChange":,"schedule":null,"place":null,"deadlineAt":null}',
  '{"type":"fetch-blob","hash":"","offset":0,"length":524288}',
  '{"type":"chunk","hash":"","size":,"offset":524288}',
  '{"type":"accepted","duplicate":true}',
  '{"type":"accepted","duplicate":false}',
  ',"step":,"steps":,"loss":null}',
  ',"weight":,"codec":"","length":,"blob":null,"metrics":{"train-loss":,"last-loss":,"tokens":}}',
  '{"type":"update","runId":"',
  '{"type":"progress","runId":"","round":1,"assignmentId":".train-1.',
]

export const HEADER_DICTIONARY: Uint8Array = new TextEncoder().encode(DICTIONARY_LINES.join(''))
