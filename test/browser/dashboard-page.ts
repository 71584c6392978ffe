import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export interface OpenPageOptions extends BrowserContextOptions {
  /** Gets whatever the page complains about in its console. */
  readonly complaints: string[]
  /** Runs in the page before the page's own scripts. */
  readonly beforehand?: () => void
}

/** The page in a browser context of its own, which ends with `page.context().close()`. */
export async function openPage(browser: Browser, url: string, options: OpenPageOptions): Promise<Page> {
  const { complaints, beforehand, ...others } = options
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light', ...others })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  if (beforehand !== undefined) await page.addInitScript(beforehand)
  page.on('console', (line) => ['error', 'warning'].includes(line.type()) && complaints.push(line.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url)
  return page
}

export const chart = (page: Page, title: string) => page.getByRole('img', { name: new RegExp(`^${title}:`) })

export const tile = (page: Page, title: string) =>
  page.locator('.tile', { has: page.getByRole('heading', { name: title, exact: true }) })

/** First column of the rounds table, newest first. */
export const roundNames = (page: Page) => page.locator('.rounds tbody th').allTextContents()
