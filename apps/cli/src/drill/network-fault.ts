/** What may be wrong with the way between a worker and its coordinator. */
export type NetworkFault =
  | { readonly kind: 'latency'; readonly delayMs: number; readonly jitterMs: number }
  | { readonly kind: 'partition' }
  | { readonly kind: 'corrupt'; readonly share: number }
  | { readonly kind: 'dup'; readonly share: number }
  | { readonly kind: 'reorder'; readonly share: number }

/** Where a fault is made: in the kernel, under TCP; or by the proxy, above it. */
export type FaultPlace = 'kernel' | 'proxy'

/**
 * TCP puts right what the kernel damages, repeats and reorders, so that only the proxy lets the application see it; a
 * kernel that can do these does them as well. Delay and a link that is down reach the application from the kernel.
 */
export const HIDDEN_BY_TCP: ReadonlySet<NetworkFault['kind']> = new Set(['corrupt', 'dup', 'reorder'])

export function faultText(fault: NetworkFault): string {
  switch (fault.kind) {
    case 'latency':
      return `${fault.delayMs} ± ${fault.jitterMs} ms each way`
    case 'partition':
      return 'cut off'
    case 'corrupt':
      return `a bit flipped in ${percent(fault.share)} of the messages`
    case 'dup':
      return `${percent(fault.share)} of the messages sent twice`
    case 'reorder':
      return `${percent(fault.share)} of the messages sent after the next one`
  }
}

const percent = (share: number): string => `${Math.round(100 * share)} %`
