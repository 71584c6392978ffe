import type { Prisma } from '@prisma/client'

/** A value of plain JSON on its way into a column of type json, which keeps its text and so the order of its keys. */
export const toJson = (value: object): Prisma.InputJsonObject => value as Prisma.InputJsonObject

/** A value from such a column: whoever wrote it vouches for its type. */
export const fromJson = <T>(value: Prisma.JsonValue): T => value as T

/** PostgreSQL's text holds every character but NUL. */
export const toText = (text: string): string => text.replaceAll('\u0000', '')
