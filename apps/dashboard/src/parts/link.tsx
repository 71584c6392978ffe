import type { MouseEvent, ReactNode } from 'react'

interface LinkProps {
  readonly to: string
  readonly className?: string
  readonly current?: boolean
  readonly onFollow: (to: string) => void
  readonly children: ReactNode
}

/** A link within the page. With a modifier key or another button the browser does what it always does. */
export function Link({ to, className, current, onFollow, children }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    onFollow(to)
  }
  return (
    <a href={to} className={className} aria-current={current ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  )
}
