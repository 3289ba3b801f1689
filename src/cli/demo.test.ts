import { createServer } from 'node:http';
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
