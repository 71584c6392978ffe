import { useEffect, useState } from 'react'

const TICK_MS = 5000

/** Milliseconds since 1970, again every five seconds: for ages on the page. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}
