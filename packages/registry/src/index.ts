export { createRegistry, type Plugin, type Registry, type RegistryNames, type Selection } from './registry.ts'
