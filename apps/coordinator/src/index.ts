export { type Coordinator, type CoordinatorOptions, startCoordinator } from './coordinator.ts'
export { backUpDatabase, migrateDatabase, restoreDatabase } from './store/backup-place.ts'
export type { DatabasePlace } from './store/database.ts'
