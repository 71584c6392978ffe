/** The rank policies: one line each, and no second list anywhere. */
export { adaloraBudget } from './adalora-budget.ts'
export { unchangingRanks } from './unchanging-ranks.ts'
