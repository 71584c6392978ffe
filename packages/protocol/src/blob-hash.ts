import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { type BlobHash, blobHash } from '@tessera/vocabulary'

/** SHA-256 of the bytes as lower-case hexadecimal: the name under which they are stored and fetched. */
export const hashBytes = (bytes: Uint8Array): BlobHash => blobHash(bytesToHex(sha256(bytes)))
