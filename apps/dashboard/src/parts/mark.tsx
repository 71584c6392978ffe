const TILES = ['a', 'a2', 'b', 'a3', 'c', 'a', 'b2', 'a', 'a3'] as const

/** The mark: small square tiles that make one picture. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      {TILES.map((tone, index) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: nine tiles in fixed places
          key={index}
          className={`tile-${tone}`}
          x={2 + 10 * (index % 3)}
          y={2 + 10 * Math.floor(index / 3)}
          width="8"
          height="8"
          rx="1.5"
        />
      ))}
    </svg>
  )
}
