import { useState } from 'react'

/** A command to copy. Without a clipboard (plain HTTP from elsewhere) it can still be selected. */
export function Command({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
  }
  return (
    <div className="command">
      <code>{text}</code>
      {navigator.clipboard && (
        <button type="button" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      )}
    </div>
  )
}
