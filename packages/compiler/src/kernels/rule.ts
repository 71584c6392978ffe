import type { GraphNode } from '../graph.ts'

/**
 * How one tfjs kernel is recorded: from the nodes of its inputs and its attributes to the nodes of its outputs.
 * Kernels that take a list (Concat, Pack, AddN) have the inputs '0', '1', …
 */
export interface KernelRule {
  readonly kernel: string
  readonly trace: (inputs: KernelInputs, attrs: never) => GraphNode | readonly GraphNode[]
}

export type KernelInputs = Readonly<Record<string, GraphNode>>

/** A rule with typed attributes; tfjs exports an `…Attrs` interface per kernel. */
export function rule<Attrs = unknown>(
  kernel: string,
  trace: (inputs: KernelInputs, attrs: Attrs) => GraphNode | readonly GraphNode[],
): KernelRule {
  return { kernel, trace }
}
