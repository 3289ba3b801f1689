import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { OverviewWire } from '../src/data/store.ts';
import { violations, whyNot } from './browser.ts';
import { row, setScene, total, until } from './scene.ts';
import type { Stage } from './stage.ts';

const views = [390, 1280, 2560].flatMap((width) => (['light', 'dark'] as const).map((theme) => ({ width, theme })));
const overviewOf = async ({ adminUrl }: Stage) =>
  (await (await fetch(`${adminUrl}api/v1/overview`)).json()) as OverviewWire;

if (whyNot !== undefined) process.stdout.write(`${whyNot}\n`);

describe.skipIf(whyNot !== undefined)('what the dashboard shows, in Chromium', () => {
  const scene = setScene();

  test.each(views)('nothing is wrong at $width px in the $theme theme', async (sight) => {
    await scene.stage.send(6);
    await scene.withTab(
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
    await scene.stage.send(30);
    await scene.withTab(async (page) => {
      for (const { id, seen } of scene.stage.backends) {
        await until(async () => (await total(page, id)) === seen);
      }
    });
  });

  test('by route and by status, they are those of the backends’ logs', async () => {
    for (const path of ['/v1/x', '/v2/fail', '/other']) await scene.stage.send(7, path);
    await scene.stage.send(3, '/teapot');
    const { routes, answers } = (await overviewOf(scene.stage)).listeners[0]!;
    const log = scene.stage.backends.flatMap((each) => each.log);
    const ofRoute = [/^\/v1\//, /^\/v2\//, /^\/teapot/, /^\/(?!v[12]\/)/];
    for (const [i, path] of ofRoute.entries()) {
      const own = log.filter((each) => path.test(each.path));
      const good = own.filter(({ status }) => status === 200).length;
      const { '2xx': ok = 0, '5xx': failed = 0 } = routes[i]!.traffic![0]?.requests ?? {};
      expect([i, ok, failed]).toEqual([i, good, own.length - good]);
    }
    expect(answers['503']).toBeGreaterThanOrEqual(3);
    await scene.withTab(async (page) => {
      const b = scene.stage.backends[1]!;
      await until(async () => (await total(page, 'b')) === b.seen);
      await row(page, 'b').getByRole('button', { name: /^b/ }).click();
      const failed = b.log.filter(({ status }) => status === 500).length;
      await page.getByText(`${b.seen - failed} 2xx, ${failed} 5xx`).waitFor();
    });
  });

  test('each route is drawn with what goes through it; many are folded, and unfold', async () => {
    await scene.withTab(async (page) => {
      const node = (name: string) => page.locator('.node', { hasText: name }).first();
      await node('/v1/*').waitFor();
      const flowOf = async (name: string) => Number(await node(name).locator('.number').textContent());
      for (let i = 0; i < 3; i++) {
        await Promise.all([scene.stage.send(60, '/v1/x'), scene.stage.send(20, '/v2/x'), page.waitForTimeout(1000)]);
      }
      await until(async () => (await flowOf('/v1/*')) > 2 * (await flowOf('/v2/*')) && (await flowOf('/v2/*')) > 0);
      const routes = () => page.locator('.node', { hasText: '/service-' }).count();
      const few = await routes();
      expect(few).toBeLessThan(20);
      await page.getByRole('button', { name: /more routes/ }).focus();
      await page.keyboard.press('Enter');
      await until(async () => (await routes()) === 60);
      await page.getByRole('button', { name: 'Fewer routes' }).click();
      await until(async () => (await routes()) === few);
    });
  });

  test('what nobody serves is seen: answers of the balancer itself count, and failures among them', async () => {
    await scene.withTab(async (page) => {
      await row(page, 'a').waitFor();
      await page.waitForTimeout(1200);
      await scene.stage.send(400, '/teapot');
      const node = page.locator('.node', { hasText: 'answered here' });
      await node.getByText('503').waitFor();
      const failed = page.locator('.summary > div', { hasText: 'failed' }).locator('dd');
      await until(async () => Number.parseFloat((await failed.textContent())!) > 20);
    });
  });

  test('fairness and shares are the balancer’s own', async () => {
    await scene.stage.send(30);
    await scene.withTab(async (page) => {
      const shown = page.locator('#pool-main .facts > div', { hasText: 'fairness' }).locator('dd');
      await until(async () => {
        await scene.stage.send(3);
        const metrics = await (await fetch(`${scene.stage.adminUrl}metrics`)).text();
        const of = (window: string) =>
          metrics.match(new RegExp(`fairness\\{pool="main",window="${window}"\\} (\\S+)`))?.[1];
        const told = [of('1m'), of('5m')].map((each) => (each === undefined ? '–' : Number(each).toFixed(2)));
        return told[0] !== '–' && (await shown.textContent()) === told.join(' / ');
      });
    });
  }, 20_000);

  test('tcp pools tell connections and bytes, and have no empty columns', async () => {
    const open: Socket[] = [];
    await scene
      .withTab(async (page) => {
        await row(page, 'a').waitFor();
        for (let i = 0; i < 3; i++) {
          const socket = connect(scene.stage.tcpPort, '127.0.0.1').on('error', () => {});
          open.push(socket);
        }
        const pool = page.locator('#pool-db');
        await pool.getByText('tcp pool').waitFor();
        await until(async () => (await pool.locator('.in-flight').textContent()) === '3');
        await page.locator('.node', { hasText: 'only' }).getByText('3 open').waitFor();
        expect(await pool.getByRole('columnheader', { name: 'p50' }).count()).toBe(0);
        for (const socket of open) socket.write('GET /held HTTP/1.1\r\nhost: x\r\n\r\n');
        const bytes = pool.getByRole('img', { name: /^Bytes/ });
        await until(async () => /received [\d,.]+ k?B/.test((await bytes.getAttribute('aria-label')) ?? ''));
        for (const socket of open) socket.destroy();
        await until(async () => (await pool.locator('.in-flight').textContent()) === '0');
      })
      .finally(() => {
        for (const socket of open) socket.destroy();
      });
  });

  test('events: by severity, pool and endpoint; held while somebody reads', async () => {
    const patch = (mode: string) =>
      fetch(`${scene.stage.adminUrl}api/v1/pools/main/endpoints/b`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ mode }),
      });
    await scene.withTab(async (page) => {
      const events = page.locator('.events .event');
      await events.filter({ hasText: 'listening' }).first().waitFor();
      await page.getByLabel('Severity of events').selectOption('warn');
      await page.getByText('Nothing like that happened.').waitFor();
      await page.getByLabel('Severity of events').selectOption('info');
      await page.getByLabel('Pool of events').selectOption('main');
      expect(await events.filter({ hasText: 'listening' }).count()).toBe(0);
      await page.getByLabel('Endpoint or word of events').fill('endpoint b:');
      await page.getByRole('button', { name: 'Pause' }).click();
      const before = await events.count();
      await patch('draining');
      await page.getByText(/paused, [1-9]\d* new/).waitFor();
      expect(await events.count()).toBe(before);
      await page.getByRole('button', { name: 'Go on' }).click();
      await events.filter({ hasText: 'endpoint b: mode' }).first().waitFor();
      await patch('ready');
    });
  });

  test('nothing is animated: it would cost more than all else, and some ask for no motion', async () => {
    await scene.withTab(async (page) => {
      await row(page, 'a').waitFor();
      const moving = await page.evaluate(
        () =>
          [...document.querySelectorAll('*')].filter((each) => {
            const { transitionDuration, animationName } = getComputedStyle(each);
            return transitionDuration !== '0s' || animationName !== 'none';
          }).length,
      );
      expect(moving).toBe(0);
    });
  });

  test('numbers that change move nothing', async () => {
    await scene.withTab(async (page) => {
      await row(page, 'a').waitFor();
      await page.waitForTimeout(1500);
      await page.evaluate(() => {
        const seen = globalThis as unknown as { shifted: number };
        seen.shifted = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) seen.shifted += (entry as unknown as { value: number }).value;
        }).observe({ type: 'layout-shift' });
      });
      for (let i = 0; i < 4; i++) await Promise.all([scene.stage.send(40), page.waitForTimeout(1000)]);
      expect(await page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted)).toBeLessThan(0.01);
    });
  });

  test('the theme is kept', async () => {
    await scene.withTab(async (page) => {
      const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await background();
      await page.getByRole('button', { name: /^Theme: auto/ }).click();
      await page.getByRole('button', { name: /^Theme: light/ }).click();
      expect(await background()).not.toBe(light);
      await page.reload();
      expect(await background()).not.toBe(light);
    });
  });

  test('a balancer that goes down says so, and takes no changes', async () => {
    const held = fetch(`${scene.stage.url}/hold`).then((each) => each.text());
    await scene.withTab(
      async (page) => {
        await until(async () => (await page.locator('#pool-main .in-flight', { hasText: '1' }).count()) === 1);
        const stopped = scene.stage.balancer.stop();
        await page.getByText('takes no changes').waitFor();
        expect(await page.getByRole('button', { name: 'Drain a…' }).isDisabled()).toBe(true);
        expect(await page.getByRole('button', { name: 'Use another token…' }).count()).toBe(0);
        for (const backend of scene.stage.backends) backend.release();
        await held;
        await stopped;
        await scene.stage.restart();
      },
      { allowed: /ERR_|Failed to (load|fetch)|network/ },
    );
  }, 30_000);

  test('without the balancer it says so, and goes on by itself when it is back', async () => {
    await scene.withTab(
      async (page) => {
        await row(page, 'a').waitFor();
        await scene.stage.balancer.stop();
        await page.getByText('cannot be reached').waitFor();
        expect(await violations(page)).toEqual([]);
        await scene.stage.restart();
        await page.getByText('cannot be reached').waitFor({ state: 'detached' });
        const before = scene.stage.backends[0]!.seen;
        await scene.stage.send(9);
        await until(async () => (await total(page, 'a')) === scene.stage.backends[0]!.seen - before);
        await page.getByRole('button', { name: 'Drain a…' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
        await page.locator('.event', { hasText: 'endpoint a: mode draining' }).first().waitFor();
      },
      { allowed: /ERR_|Failed to (load|fetch)|network/ },
    );
  }, 30_000);
});
