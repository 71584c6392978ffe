/**
 * Makes a checkout ready: dependencies, the Prisma client, the pages that Vite builds. Safe to repeat: a step whose
 * inputs have not changed does nothing. Everything is said on stderr, so that stdout belongs to the command that follows.
 *
 * Usage: node scripts/setup.mjs [--no-dashboard]
 */
const LEAST = [20, 19]
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
  console.error(
    `Tessera needs Node ${LEAST.join('.')} or newer; this is ${process.versions.node}. See https://nodejs.org.`,
  )
  process.exit(1)
}

// Imported only now: an older Node would stop at their syntax instead of at the sentence above.
const { step } = await import('./setup/step.mjs')
const { installDependencies } = await import('./setup/dependencies.mjs')
const { generatePrismaClient } = await import('./setup/prisma-client.mjs')
const { buildPages } = await import('./setup/pages.mjs')

try {
  await step('dependencies', installDependencies)
  await step('Prisma client', generatePrismaClient)
  if (!process.argv.includes('--no-dashboard')) await step('pages', buildPages)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
