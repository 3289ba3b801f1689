import { describe, expect, test } from 'vitest';
import { violations, whyNot } from './browser.ts';
import { READ_TOKEN, row, setScene, shareOut, TOKEN, until } from './scene.ts';

describe.skipIf(whyNot !== undefined)('what the dashboard does, in Chromium', () => {
  const scene = setScene();

  test('who may only look sees why nothing can be changed', async () => {
    await scene.withTab(
      async (page) => {
        await page.getByLabel('Token').fill(READ_TOKEN);
        await page.keyboard.press('Enter');
        await page.getByText('this token may only read').waitFor();
        expect(await page.getByRole('button', { name: 'Drain a…' }).isDisabled()).toBe(true);
        await page.keyboard.press('j');
        await page.keyboard.press('d');
        expect(await page.getByRole('dialog').count()).toBe(0);
        expect(await violations(page)).toEqual([]);
        await page.keyboard.press('2');
        const editor = page.getByLabel('Configuration, YAML');
        await editor.fill(`${await editor.inputValue()}\n`);
        expect(await page.getByRole('button', { name: 'Apply…' }).isDisabled()).toBe(true);
        await page.getByRole('button', { name: 'Use another token…' }).click();
        await page.getByLabel('Token').fill(TOKEN);
        await page.keyboard.press('Enter');
        await page.keyboard.press('1');
        await until(() => page.getByRole('button', { name: 'Drain a…' }).isEnabled());
        expect(await page.getByText('this token may only read').count()).toBe(0);
      },
      { on: scene.guarded, allowed: /status of 401/ },
    );
  });

  test('drain: the endpoint gets nothing new, and what is left is told until it ends', async () => {
    await scene.withTab(async (page) => {
      // One of three in a row reaches `a`.
      const held = [1, 2, 3, 4, 5, 6].map(() => fetch(`${scene.stage.url}/hold`).then((each) => each.text()));
      await until(async () => Number(await row(page, 'a').locator('.in-flight').textContent()) === 2);
      await page.getByRole('button', { name: 'Drain a…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('2 are in flight.').waitFor();
      await dialog.getByRole('button', { name: 'Drain' }).click();
      await dialog.getByText('2 in flight').waitFor();
      expect((await shareOut(scene.stage, 12))[0]).toBe(0);
      for (const backend of scene.stage.backends) backend.release();
      await Promise.all(held);
      await dialog.getByText('It has nothing left to do').waitFor();
      await dialog.getByRole('button', { name: 'Close' }).click();
      await row(page, 'a').getByText('draining').waitFor();
      await page.getByRole('button', { name: 'Ready a…' }).click();
      await dialog.getByRole('button', { name: 'Ready' }).click();
      await dialog.getByText('Its mode is ready.').waitFor();
      expect((await shareOut(scene.stage, 12))[0]).toBe(4);
      await page.locator('.event', { hasText: 'endpoint a: mode draining' }).first().waitFor();
    });
  });

  test('maintenance and ready, by keys alone', async () => {
    await scene.withTab(async (page) => {
      await row(page, 'a').waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('m');
      await page.getByRole('dialog', { name: 'Maintenance b in main' }).waitFor();
      await page.getByRole('button', { name: 'Maintenance', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('Its mode is maintenance.').waitFor();
      // What it was like stays to be seen beneath its state.
      await row(page, 'b').locator('.strip .idle').waitFor();
      expect((await shareOut(scene.stage, 12))[1]).toBe(0);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      // The focus is back on the endpoint.
      await page.keyboard.press('r');
      await page.getByRole('button', { name: 'Ready', exact: true }).click();
      await page.getByText('Its mode is ready.').waitFor();
      expect((await shareOut(scene.stage, 12))[1]).toBe(4);
    });
  });

  test('weight: 0 gets nothing, and a wrong one is not sent', async () => {
    await scene.withTab(async (page) => {
      const setWeight = async (weight: string) => {
        await row(page, 'c').getByRole('button', { name: /^c/ }).focus();
        await page.keyboard.press('w');
        await page.getByLabel('Weight, 0 to 65535').fill(weight);
        await page.getByRole('dialog').getByRole('button', { name: 'Weight' }).click();
      };
      await setWeight('0');
      await page.getByText('Its weight is 0.').waitFor();
      await row(page, 'c').getByText('weight 0 (API; file 1)').waitFor();
      expect((await shareOut(scene.stage, 12))[2]).toBe(0);
      await page.keyboard.press('Escape');
      await setWeight('-1');
      expect(await page.getByText('Its weight is').count()).toBe(0);
      await page.keyboard.press('Escape');
      await setWeight('1');
      await page.getByText('Its weight is 1.').waitFor();
      expect((await shareOut(scene.stage, 12))[2]).toBe(4);
    });
  });

  test('the last one warns before it leaves', async () => {
    await scene.withTab(async (page) => {
      for (const id of ['a', 'b'])
        await page.request.patch(`${scene.stage.adminUrl}api/v1/pools/main/endpoints/${id}`, {
          data: { mode: 'draining' },
        });
      await row(page, 'b').getByText('draining').waitFor();
      await page.getByRole('button', { name: 'Drain c…' }).click();
      await page.getByText('will be answered 503').waitFor();
      for (const id of ['a', 'b'])
        await page.request.patch(`${scene.stage.adminUrl}api/v1/pools/main/endpoints/${id}`, {
          data: { mode: 'ready' },
        });
    });
  });

  test('configuration: a mistake is shown at its line and changes nothing; a good change is in force', async () => {
    await scene.withTab(
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
        await page.getByText('did you mean "round-robin"?').waitFor();
        await page.getByRole('button', { name: `line ${line}` }).click();
        expect(await page.evaluate(() => getSelection()?.toString())).toBe('round-robbin');
        expect(await violations(page)).toEqual([]);
        await apply(text.replace('type: round-robin', 'type: first'));
        await page.getByText('Applied by every worker').waitFor();
        expect((await shareOut(scene.stage, 6))[0]).toBe(6);
        await apply((await editor.inputValue()).replace('type: first', 'type: round-robin'));
        await page.getByText('Applied by every worker').waitFor();
      },
      // The refusal is told by a status, which Chromium writes to the console.
      { allowed: /status of 400/ },
    );
  });

  test('explain names who gets the request, and is hidden where the balancer cannot', async () => {
    await scene.withTab(async (page) => {
      await page.getByRole('link', { name: 'Explain' }).click();
      await page.getByLabel('URL').fill(`${scene.stage.url}/x`);
      await page.getByRole('button', { name: 'Explain' }).click();
      await page.getByText(/It goes to [abc] in main/).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.route('**/openapi.json', (route) => route.fulfill({ json: { paths: {} } }));
      await page.goto(scene.stage.adminUrl);
      await row(page, 'a').waitFor();
      await page.waitForTimeout(300);
      expect(await page.getByRole('link', { name: 'Explain' }).count()).toBe(0);
    });
  });

  test('a token is asked for, a wrong one is told, the right one opens', async () => {
    await scene.withTab(
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
      { on: scene.guarded, allowed: /status of 401/ },
    );
  });
});
