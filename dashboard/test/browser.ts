import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = process.env['CHROMIUM'] ?? PLACES.find((each) => existsSync(each));

/** Why the tests in a browser cannot run; undefined where they can. Never in CI, where a missing browser is a failure. */
export const whyNot: string | undefined =
  executablePath === undefined && process.env['CI'] === undefined
    ? 'skipped: no Chromium here; apt-get install chromium, or name one in CHROMIUM'
    : undefined;

export function launch(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('no Chromium here; apt-get install chromium');
  // As root in a container there are no namespaces to build a sandbox of; what is opened is our own page.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

export interface Sight {
  readonly width: number;
  readonly theme: 'light' | 'dark';
}

export interface Tab {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and breaches of the Content-Security-Policy. */
  readonly complaints: string[];
}

const HEIGHT = 900;

export async function openTab(browser: Browser, url: string, { width, theme }: Sight): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width, height: HEIGHT }, colorScheme: theme });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong, a line each. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    interface Result {
      readonly id: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
    }
    const { axe: loaded } = globalThis as unknown as { axe: { run(): Promise<{ violations: readonly Result[] }> } };
    const { violations: found } = await loaded.run();
    return found.flatMap(({ id, nodes }) => nodes.map((each) => `${id}: ${each.html}: ${each.failureSummary}`));
  });
}
