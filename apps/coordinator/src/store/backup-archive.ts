import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { isDeepStrictEqual } from 'node:util'
import { createGunzip, createGzip } from 'node:zlib'
import { FedError } from '@tessera/vocabulary'
import tar, { type Pack } from 'tar-stream'
import { type BackupManifest, type BackupPart, backupManifest } from './backup-manifest.ts'

/** A part is held in memory as a whole, because in the archive its length stands before it. */
const PART_BYTES = 8 * 1024 * 1024
/** Hexadecimal text of numbers that are nearly random: more effort makes it hardly smaller. */
const COMPRESSION = { level: 1 }
const MANIFEST = 'manifest.json'

/** Cuts a stream of bytes into parts of the archive, `<folder>/000000` and on. */
export type WriteParts = (folder: string, bytes: AsyncIterable<Buffer>) => Promise<BackupPart[]>

/**
 * A gzip tar whose last entry is the manifest. It is written to `<file>.partial`, and gets its name when it is whole.
 *
 * @throws {FedError} 'disk-full', 'file-not-found' where nothing can be written, and what `produce` throws.
 */
export async function writeArchive(
  file: string,
  produce: (writeParts: WriteParts) => Promise<BackupManifest>,
): Promise<BackupManifest> {
  const partial = `${file}.partial`
  const pack = tar.pack()
  const written = pipeline(pack, createGzip(COMPRESSION), createWriteStream(partial, { mode: 0o600, flush: true }))
  const produced = produceInto(pack, produce)
  try {
    const [manifest] = await Promise.all([produced, written])
    await rename(partial, file)
    return manifest
  } catch (error) {
    await Promise.allSettled([produced, written])
    await rm(partial, { force: true })
    throw writingError(file, error)
  }
}

/** A file of an archive, as it lies in it. */
export interface ArchivedFile {
  readonly name: string
  readonly bytes: Buffer
}

/** The files of an archive in their order, one in memory at a time. @throws {FedError} 'invalid-backup', 'file-not-found' */
export async function* readArchive(
  file: string,
  onRead: (bytes: number) => void = () => undefined,
): AsyncGenerator<ArchivedFile, void> {
  const source = createReadStream(file)
  const entries = tar.extract()
  const read = pipeline(source, createGunzip(), entries)
  read.catch(() => undefined) // the entries end with the same error
  try {
    for await (const entry of entries) {
      const { name, size = 0, type } = entry.header
      if (type !== 'file' || size > PART_BYTES) throw new Error(`it holds ${name}, which no backup does`)
      yield { name, bytes: await buffer(entry) }
      onRead(source.bytesRead)
    }
    await read
  } catch (error) {
    throw readingError(file, error)
  } finally {
    source.destroy()
    entries.destroy()
  }
}

/**
 * Read a whole archive and compare every part with the manifest, before anything is made of it.
 *
 * @throws {FedError} 'invalid-backup', 'file-not-found'
 */
export async function checkArchive(file: string, onRead?: (bytes: number) => void): Promise<BackupManifest> {
  const found: BackupPart[] = []
  let manifest: BackupManifest | null = null
  for await (const { name, bytes } of readArchive(file, onRead)) {
    if (manifest !== null) throw invalidBackup(file, `${name} comes after its manifest`)
    if (name === MANIFEST) manifest = parseManifest(file, bytes)
    else found.push(describePart(name, bytes))
  }
  if (manifest === null) throw invalidBackup(file, 'it has no manifest')
  const promised = manifest.tables.flatMap(({ parts }) => parts)
  const wrong = promised.find((part, at) => !isDeepStrictEqual(part, found[at])) ?? found[promised.length]
  if (wrong !== undefined) throw invalidBackup(file, `${wrong.name} is not what its manifest says`)
  return manifest
}

export function describePart(name: string, bytes: Buffer): BackupPart {
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

export function invalidBackup(file: string, reason: string, cause?: unknown): FedError {
  return new FedError('invalid-backup', `${file} is no whole backup: ${reason}`, {
    cause,
    fix: 'Use a file that `tessera db backup` wrote to its end and that was copied whole.',
  })
}

async function produceInto(
  pack: Pack,
  produce: (writeParts: WriteParts) => Promise<BackupManifest>,
): Promise<BackupManifest> {
  try {
    const manifest = await produce((folder, bytes) => writeParts(pack, folder, bytes))
    await addFile(pack, MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`))
    pack.finalize()
    return manifest
  } catch (error) {
    pack.destroy(error as Error)
    throw error
  }
}

async function writeParts(pack: Pack, folder: string, bytes: AsyncIterable<Buffer>): Promise<BackupPart[]> {
  const parts: BackupPart[] = []
  const add = async (whole: Buffer): Promise<void> => {
    const part = describePart(`${folder}/${String(parts.length).padStart(6, '0')}`, whole)
    await addFile(pack, part.name, whole)
    parts.push(part)
  }
  let waiting: Buffer[] = []
  let length = 0
  for await (const piece of bytes) {
    if (length + piece.length > PART_BYTES) {
      await add(Buffer.concat(waiting))
      waiting = []
      length = 0
    }
    waiting.push(piece)
    length += piece.length
  }
  if (length > 0) await add(Buffer.concat(waiting))
  return parts
}

function addFile(pack: Pack, name: string, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    pack.entry({ name, mode: 0o600 }, bytes, (error) => (error ? reject(error) : resolve()))
  })
}

function parseManifest(file: string, bytes: Buffer): BackupManifest {
  try {
    return backupManifest.parse(JSON.parse(bytes.toString()))
  } catch (cause) {
    throw invalidBackup(file, 'its manifest can not be read', cause)
  }
}

function writingError(file: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return new FedError('disk-full', `there is no room for ${file}`, { cause: error })
  if (!isFileError(error)) return error
  return new FedError('file-not-found', `${file} can not be written (${code})`, { cause: error })
}

/** What zlib and tar say of other files than ours is their reason. */
function readingError(file: string, error: unknown): FedError {
  if (error instanceof FedError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (!isFileError(error)) return invalidBackup(file, message, error)
  return new FedError('file-not-found', `${file} can not be read (${code})`, { cause: error })
}

const isFileError = (error: unknown): boolean => (error as NodeJS.ErrnoException).syscall !== undefined
