const KEY = 'tessera-token'

/** The token of the coordinator, as long as this tab lives. */
export interface Access {
  readonly token: () => string | null
  readonly remember: (token: string) => void
  readonly forget: () => void
}

/** What of the window this needs. */
export interface TokenPlace {
  readonly location: Pick<Location, 'hash' | 'pathname' | 'search'>
  readonly history: Pick<History, 'replaceState'>
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
}

/** A page opened with `#token=…` takes it from there, and out of the address, where it could be copied or seen. */
export function createAccess({ location, history, sessionStorage }: TokenPlace): Access {
  const brought = new URLSearchParams(location.hash.slice(1)).get('token')
  if (brought) {
    sessionStorage.setItem(KEY, brought)
    history.replaceState(null, '', location.pathname + location.search)
  }
  return {
    token: () => sessionStorage.getItem(KEY),
    remember: (token) => sessionStorage.setItem(KEY, token),
    forget: () => sessionStorage.removeItem(KEY),
  }
}
