/** Longest header of a frame, in bytes, both as it travels and inflated. */
export const MAX_HEADER_BYTES = 64 * 1024

/** Longest body of a frame, in bytes; an update longer than this travels as a blob. */
export const MAX_INLINE_BYTES = 1024 * 1024

/** Blobs are uploaded in pieces of this many bytes; only the last one may be shorter. */
export const CHUNK_BYTES = 256 * 1024

/** Most bytes a worker may ask for in one `fetch-blob`. */
export const MAX_FETCH_BYTES = 512 * 1024

/** Most chunk indexes one `wanted` lists, so that its header stays within the limit for any blob. */
export const MAX_LISTED_CHUNKS = 4096

/** Largest blob that the protocol can name: one tebibyte. Each side sets its own, much lower limit. */
export const MAX_BLOB_BYTES = 2 ** 40
