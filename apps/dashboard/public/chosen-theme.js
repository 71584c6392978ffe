// Before the first paint, so that a remembered theme does not flash; src/theme.ts does it from then on.
{
  const chosen = localStorage.getItem('tessera-theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
}
