import type { RunView } from '@tessera/protocol'
import type { Access } from '../access.ts'
import type { Api } from '../api.ts'

/** What it takes to change a run from the page. */
export interface Steering {
  readonly run: RunView
  readonly api: Api
  readonly access: Access
  /** Resolves when people have given a token; never, when they would rather not. */
  readonly askForToken: () => Promise<string>
}
