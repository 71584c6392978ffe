/** Cells under their heads as a Markdown table. */
export const markdownTable = (head: readonly string[], lines: readonly (readonly unknown[])[]): string =>
  [head, head.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')
