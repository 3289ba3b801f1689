import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startProgram } from './testing/program.ts';

test('the first line is the dashboard, which is there', async () => {
  const program = startProgram(['demo', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'], '/');
  const [first, url] = await program.sees(/^dashboard: (http:\/\/127\.0\.0\.1:\d+\/)\n/);
  expect(first).toBeDefined();
  const { pools } = (await (await fetch(`${url}api/v1/overview`)).json()) as { pools: { name: string }[] };
  expect(pools.map(({ name }) => name)).toEqual(['main']);
  program.child.kill('SIGINT');
  expect((await program.ended).code).toBe(0);
});

test('within twenty seconds one endpoint slows down, is out and comes back, and another is ejected', async () => {
  const program = startProgram(['demo', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--duration', '18s'], '/');
  const [, url] = await program.sees(/^dashboard: (\S+)\n/);
  let events = '';
  get(`${url}api/v1/events`, (response) => response.setEncoding('utf8').on('data', (text) => (events += text)));
  const { code, output } = await program.ended;
  expect(code).toBe(0);
  expect(output).toMatch(
    new RegExp(
      [
        'backend   steady slows down: 150 ms an answer',
        'balancer  steady gets \\d+ % of the requests, not \\d+ %',
        'backend   steady is nearly stuck: 900 ms an answer',
        'balancer  steady is down: ',
        'steady +○ down .* 0 % ',
        'backend   steady is well again',
        'balancer  steady is up: ',
        'steady +● up ',
        'backend   flaky fails every request',
        'balancer  flaky is ejected: 3 failures in a row',
        'flaky +◇ ejected ',
        'backend   flaky is well again',
        'balancer  flaky is taken back: ',
      ].join('.*'),
      's',
    ),
  );
  expect(output).toMatch(/, 0 errors seen by clients, [1-9]\d* requests? retried/);
  expect(events).toMatch(
    /demo: steady slows down.*endpoint steady is down.*endpoint steady is up.*endpoint flaky is ejected.*endpoint flaky is returned/s,
  );
}, 40_000);

test('a default address that is taken is replaced, one that was asked for is an error', async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    // Where the port is taken already, by whomever, it is as good.
    other.once('error', () => resolve(9900));
    other.listen(9900, '127.0.0.1', () => resolve((other.address() as AddressInfo).port));
  });
  const program = startProgram(['demo', '--listen', '127.0.0.1:0'], '/');
  const [, elsewhere] = await program.sees(/^dashboard: http:\/\/127\.0\.0\.1:(\d+)\//);
  expect(Number(elsewhere)).not.toBe(port);
  program.child.kill('SIGINT');
  await program.ended;
  const refused = await startProgram(['demo', '--listen', '127.0.0.1:0', '--admin', `${port}`], '/').ended;
  expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('admin: ')]);
  other.close();
});
