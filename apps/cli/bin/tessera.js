#!/usr/bin/env node
// The sources run as they are: tsx reads TypeScript, and nothing is built (docs/adr/0001).
import { register } from 'tsx/esm/api'

register()
await import('../src/main.ts')
