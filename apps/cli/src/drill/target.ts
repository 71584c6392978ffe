/** Whom a drill can be done to. */
export const TARGETS = ['coordinator', 'worker', 'postgres', 'random'] as const

export type Target = (typeof TARGETS)[number]
