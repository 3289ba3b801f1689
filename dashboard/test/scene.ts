import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { launch, openTab, type Sight } from './browser.ts';
import { type Stage, startStage } from './stage.ts';

/** Of the guarded balancer: to operate, and to look. */
export const TOKEN = 'open-sesame';
export const READ_TOKEN = 'look-around';
const WIDE: Sight = { width: 1700, theme: 'light' };

export interface Scene {
  readonly stage: Stage;
  /** One that asks for a token. */
  readonly guarded: Stage;
  /** Opens the live view; closes it, having seen no complaint but the `allowed`. */
  withTab(body: (page: Page) => Promise<void>, how?: HowToOpen): Promise<void>;
}

interface HowToOpen {
  readonly sight?: Sight;
  readonly on?: Stage;
  readonly allowed?: RegExp;
}

/** A browser and balancers for all tests of a file; registers their beginning and end. */
export function setScene(): Scene {
  let browser: Browser;
  const scene = {} as { stage: Stage; guarded: Stage };
  beforeAll(async () => {
    const guard = { token: TOKEN, readToken: READ_TOKEN };
    [browser, scene.stage, scene.guarded] = await Promise.all([launch(), startStage(), startStage(guard)]);
  }, 30_000);
  afterAll(async () => {
    await Promise.all([browser?.close(), scene.stage?.close(), scene.guarded?.close()]);
  });
  return Object.assign(scene, {
    async withTab(
      body: (page: Page) => Promise<void>,
      { sight = WIDE, on = scene.stage, allowed = /^$/ }: HowToOpen = {},
    ) {
      const tab = await openTab(browser, on.adminUrl, sight);
      try {
        await body(tab.page);
        expect(tab.complaints.filter((each) => !allowed.test(each))).toEqual([]);
      } finally {
        await tab.page.context().close();
      }
    },
  });
}

export const row = (page: Page, id: string) => page.locator(`tr[id="endpoint-main-${id}"]`);

/** Requests that the page says an endpoint had. */
export const total = async (page: Page, id: string): Promise<number> =>
  Number(((await row(page, id).locator('.total').textContent()) ?? '').replace(',', ''));

export async function until(check: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = performance.now() + 8000; !(await check()); await new Promise((done) => setTimeout(done, 50))) {
    if (performance.now() > end) throw new Error('it did not come about within 8 s');
  }
}

/** What each backend got of `count` requests more. */
export async function shareOut({ backends, send }: Stage, count: number): Promise<number[]> {
  const before = backends.map((each) => each.seen);
  await send(count);
  return backends.map((each, i) => each.seen - before[i]!);
}
