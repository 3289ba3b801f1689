import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, openTab, type Tab, violations, whyNot } from './browser.ts';
import { type Stage, startStage } from './stage.ts';

const TOKEN = 'open-sesame';
const WIDE = { width: 1700, theme: 'light' } as const;
const views = [380, 1024, 1700].flatMap((width) => (['light', 'dark'] as const).map((theme) => ({ width, theme })));

let browser: Browser;
let stage: Stage;
let guarded: Stage;

const row = (page: Page, id: string) => page.locator(`tr[id="endpoint-main-${id}"]`);
const total = async (page: Page, id: string) =>
  Number(((await row(page, id).locator('.total').textContent()) ?? '').replace(',', ''));
const until = async (check: () => Promise<boolean> | boolean) => {
  for (const end = performance.now() + 8000; !(await check()); await new Promise((done) => setTimeout(done, 50))) {
    if (performance.now() > end) throw new Error('it did not come about within 8 s');
  }
};
/** What each backend got of `count` requests more. */
async function shareOut(count: number): Promise<number[]> {
  const before = stage.backends.map((each) => each.seen);
  await stage.send(count);
  return stage.backends.map((each, i) => each.seen - before[i]!);
}

/** Opens the live view; closes it, having seen no complaint but the `allowed`. */
async function withTab(
  body: (page: Page) => Promise<void>,
  { sight = WIDE as Parameters<typeof openTab>[2], on = stage, allowed = /^$/ } = {},
): Promise<void> {
  const tab: Tab = await openTab(browser, on.adminUrl, sight);
  try {
    await body(tab.page);
    expect(tab.complaints.filter((each) => !allowed.test(each))).toEqual([]);
  } finally {
    await tab.page.context().close();
  }
}

if (whyNot !== undefined) process.stdout.write(`${whyNot}\n`);

describe.skipIf(whyNot !== undefined)('dashboard in Chromium', () => {
  beforeAll(async () => {
    [browser, stage, guarded] = await Promise.all([launch(), startStage(), startStage({ token: TOKEN })]);
  }, 30_000);

  afterAll(async () => {
    await Promise.all([browser?.close(), stage?.close(), guarded?.close()]);
  });

  test.each(views)('nothing is wrong at $width px in the $theme theme', async (sight) => {
    await stage.send(6);
    await withTab(
      async (page) => {
        const opener = row(page, 'a').getByRole('button', { name: /^a/ });
        await opener.click();
        await page.getByRole('heading', { name: 'What happened to it' }).waitFor();
        expect(await violations(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
        await page.getByRole('button', { name: 'Weight…' }).click();
        expect(await violations(page)).toEqual([]);
        await page.keyboard.press('Escape');
        await page.getByRole('link', { name: 'Configuration' }).click();
        await page.getByLabel('Configuration, YAML').waitFor();
        expect(await violations(page)).toEqual([]);
        await page.getByRole('button', { name: 'Keys and signs' }).click();
        expect(await violations(page)).toEqual([]);
      },
      { sight },
    );
  });

  test('numbers are those of the backends', async () => {
    await stage.send(30);
    await withTab(async (page) => {
      for (const { id, seen } of stage.backends) {
        await until(async () => (await total(page, id)) === seen);
      }
    });
  });

  test('numbers that change move nothing', async () => {
    await withTab(async (page) => {
      await row(page, 'a').waitFor();
      await page.waitForTimeout(1500);
      await page.evaluate(() => {
        const seen = globalThis as unknown as { shifted: number };
        seen.shifted = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) seen.shifted += (entry as unknown as { value: number }).value;
        }).observe({ type: 'layout-shift' });
      });
      for (let i = 0; i < 4; i++) await Promise.all([stage.send(40), page.waitForTimeout(1000)]);
      expect(await page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted)).toBeLessThan(0.01);
    });
  });

  test('drain: the endpoint gets nothing new, and what is left is told until it ends', async () => {
    await withTab(async (page) => {
      // One of three in a row reaches `a`.
      const held = [1, 2, 3, 4, 5, 6].map(() => fetch(`${stage.url}/hold`).then((each) => each.text()));
      await until(async () => Number(await row(page, 'a').locator('.in-flight').textContent()) === 2);
      await page.getByRole('button', { name: 'Drain a…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('2 are in flight.').waitFor();
      await dialog.getByRole('button', { name: 'Drain' }).click();
      await dialog.getByText('2 in flight').waitFor();
      expect((await shareOut(12))[0]).toBe(0);
      for (const backend of stage.backends) backend.release();
      await Promise.all(held);
      await dialog.getByText('It has nothing left to do').waitFor();
      await dialog.getByRole('button', { name: 'Close' }).click();
      await row(page, 'a').getByText('draining').waitFor();
      await page.getByRole('button', { name: 'Ready a…' }).click();
      await dialog.getByRole('button', { name: 'Ready' }).click();
      await dialog.getByText('Its mode is ready.').waitFor();
      expect((await shareOut(12))[0]).toBe(4);
      await page.locator('.event', { hasText: 'endpoint a: mode draining' }).first().waitFor();
    });
  });

  test('maintenance and ready, by keys alone', async () => {
    await withTab(async (page) => {
      await row(page, 'a').waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('m');
      await page.getByRole('dialog', { name: 'Maintenance b in main' }).waitFor();
      await page.getByRole('button', { name: 'Maintenance', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('Its mode is maintenance.').waitFor();
      expect((await shareOut(12))[1]).toBe(0);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      // The focus is back on the endpoint.
      await page.keyboard.press('r');
      await page.getByRole('button', { name: 'Ready', exact: true }).click();
      await page.getByText('Its mode is ready.').waitFor();
      expect((await shareOut(12))[1]).toBe(4);
    });
  });

  test('weight: 0 gets nothing, and a wrong one is not sent', async () => {
    await withTab(async (page) => {
      const setWeight = async (weight: string) => {
        await row(page, 'c').getByRole('button', { name: /^c/ }).focus();
        await page.keyboard.press('w');
        await page.getByLabel('Weight, 0 to 65535').fill(weight);
        await page.getByRole('dialog').getByRole('button', { name: 'Weight' }).click();
      };
      await setWeight('0');
      await page.getByText('Its weight is 0.').waitFor();
      expect((await shareOut(12))[2]).toBe(0);
      await page.keyboard.press('Escape');
      await setWeight('-1');
      expect(await page.getByText('Its weight is').count()).toBe(0);
      await page.keyboard.press('Escape');
      await setWeight('1');
      await page.getByText('Its weight is 1.').waitFor();
      expect((await shareOut(12))[2]).toBe(4);
    });
  });

  test('the last one warns before it leaves', async () => {
    await withTab(async (page) => {
      for (const id of ['a', 'b'])
        await page.request.patch(`${stage.adminUrl}api/v1/pools/main/endpoints/${id}`, { data: { mode: 'draining' } });
      await row(page, 'b').getByText('draining').waitFor();
      await page.getByRole('button', { name: 'Drain c…' }).click();
      await page.getByText('will be answered 503').waitFor();
      for (const id of ['a', 'b'])
        await page.request.patch(`${stage.adminUrl}api/v1/pools/main/endpoints/${id}`, { data: { mode: 'ready' } });
    });
  });

  test('configuration: a mistake is shown at its line and changes nothing; a good change is in force', async () => {
    await withTab(
      async (page) => {
        await row(page, 'a').waitFor();
        await page.keyboard.press('2');
        const editor = page.getByLabel('Configuration, YAML');
        const text = await editor.inputValue();
        const line = text.split('\n').findIndex((each) => each.includes('type: round-robin')) + 1;
        const apply = async (changed: string) => {
          await editor.fill(changed);
          await page.getByRole('button', { name: 'Apply…' }).click();
          await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
        };
        await apply(text.replace('type: round-robin', 'type: round-robbin'));
        await page.getByText('Nothing was changed').waitFor();
        await page.getByRole('button', { name: `line ${line}` }).click();
        expect(await page.evaluate(() => getSelection()?.toString())).toBe('round-robbin');
        expect(await violations(page)).toEqual([]);
        await apply(text.replace('type: round-robin', 'type: first'));
        await page.getByText('Applied by every worker').waitFor();
        expect((await shareOut(6))[0]).toBe(6);
        await apply((await editor.inputValue()).replace('type: first', 'type: round-robin'));
        await page.getByText('Applied by every worker').waitFor();
      },
      // The refusal is told by a status, which Chromium writes to the console.
      { allowed: /status of 400/ },
    );
  });

  test('explain names who gets the request, and is hidden where the balancer cannot', async () => {
    await withTab(async (page) => {
      await page.getByRole('link', { name: 'Explain' }).click();
      await page.getByLabel('URL').fill(`${stage.url}/x`);
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByText(/It goes to [abc] in main/).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.route('**/openapi.json', (route) => route.fulfill({ json: { paths: {} } }));
      await page.goto(stage.adminUrl);
      await row(page, 'a').waitFor();
      await page.waitForTimeout(300);
      expect(await page.getByRole('link', { name: 'Explain' }).count()).toBe(0);
    });
  });

  test('a token is asked for, a wrong one is told, the right one opens', async () => {
    await withTab(
      async (page) => {
        await page.getByLabel('Token').fill('wrong');
        await page.keyboard.press('Enter');
        await page.getByText('does not know this token').waitFor();
        expect(await violations(page)).toEqual([]);
        await page.getByLabel('Token').fill(TOKEN);
        await page.keyboard.press('Enter');
        await row(page, 'a').waitFor();
        await page.locator('.event', { hasText: 'listening' }).first().waitFor();
      },
      { on: guarded, allowed: /status of 401/ },
    );
  });

  test('the theme is kept', async () => {
    await withTab(async (page) => {
      const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await background();
      await page.getByRole('button', { name: /^Theme: auto/ }).click();
      await page.getByRole('button', { name: /^Theme: light/ }).click();
      expect(await background()).not.toBe(light);
      await page.reload();
      expect(await background()).not.toBe(light);
    });
  });

  test('without the balancer it says so, and goes on by itself when it is back', async () => {
    await withTab(
      async (page) => {
        await row(page, 'a').waitFor();
        await stage.balancer.stop();
        await page.getByText('cannot be reached').waitFor();
        expect(await violations(page)).toEqual([]);
        await stage.restart();
        await page.getByText('cannot be reached').waitFor({ state: 'detached' });
        const before = stage.backends[0]!.seen;
        await stage.send(9);
        await until(async () => (await total(page, 'a')) === stage.backends[0]!.seen - before);
        await page.getByRole('button', { name: 'Drain a…' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
        await page.locator('.event', { hasText: 'endpoint a: mode draining' }).first().waitFor();
      },
      { allowed: /ERR_|Failed to (load|fetch)|network/ },
    );
  }, 30_000);
});
