import { existsSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogWorld } from './testing/access-log-world.ts';
import { type Client, openClient } from './testing/client.ts';

let world = createLogWorld();
beforeEach(() => {
  world = createLogWorld();
});
afterEach(() => world.close());

/** A server whose access log changes, and a request to it that is under way until `finish`. */
async function setUp() {
  const waiting: (() => void)[] = [];
  const address = await world.backend((socket, said) => {
    const answer = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    if (said.includes('/slow')) waiting.push(answer);
    else answer();
  });
  const inputOf = (accessLog: object | undefined, bind = '127.0.0.1:0') => ({
    ...(accessLog && { accessLog }),
    listeners: { web: { bind, pool: 'main' } },
    pools: { main: { endpoints: [{ id: 'e1', address }] } },
  });
  const { server, addressOf } = await world.start(inputOf({ path: world.pathOf('first.log') }));
  const ask = async (path: string, client?: Client): Promise<Client> => {
    const asking = client ?? (await openClient(addressOf('web')));
    asking.socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return asking;
  };
  const answered = async (path: string): Promise<void> => {
    const client = await ask(path);
    await client.sees('ok');
    client.socket.destroy();
  };
  const reload = (accessLog: object | undefined, bind?: string) =>
    server.reload(world.configOf(inputOf(accessLog, bind)));
  const pathsOf = (name: string) => world.linesOf(name).map((line) => line['path']);
  const underWay = async (): Promise<Client> => {
    const client = await ask('/slow');
    while (waiting.length === 0) await new Promise(setImmediate);
    return client;
  };
  const finish = () => waiting.splice(0).forEach((answer) => void answer());
  return { server, answered, reload, pathsOf, underWay, finish };
}

test('another file has what begins from then on; what is under way ends where it began', async () => {
  const { server, answered, reload, pathsOf, underWay, finish } = await setUp();
  await answered('/1');
  const slow = await underWay();
  expect(await reload({ path: world.pathOf('second.log'), headers: ['host'] })).toEqual({
    ...{ changes: ['accessLog: changed'], needsRestart: [] },
  });
  await answered('/2');
  finish();
  await slow.sees('ok');
  await server.close();
  expect([pathsOf('first.log'), pathsOf('second.log')]).toEqual([['/1', '/slow'], ['/2']]);
  expect(world.linesOf('second.log')[0]).toMatchObject({ host: 'a' });
});

test('it can be taken away and begun anew, and no line is lost over many changes', async () => {
  const { server, answered, reload, pathsOf } = await setUp();
  const expected: string[] = [];
  for (let i = 0; i < 10; i++) {
    await reload(i % 5 === 4 ? undefined : { path: world.pathOf('same.log'), sample: i % 2 === 0 ? 1 : 0.999_999 });
    await answered(`/${i}`);
    if (i % 5 !== 4) expected.push(`/${i}`);
  }
  await server.close();
  expect([pathsOf('same.log'), pathsOf('first.log')]).toEqual([expected, []]);
});

test('a file moved away is begun anew, also that of requests under way', async () => {
  const { server, answered, reload, pathsOf, underWay, finish } = await setUp();
  const slow = await underWay();
  await reload({ path: world.pathOf('second.log') });
  await answered('/2');
  for (const name of ['first.log', 'second.log']) renameSync(world.pathOf(name), world.pathOf(`${name}.1`));
  server.reopenLogs();
  finish();
  await slow.sees('ok');
  await answered('/3');
  await server.close();
  expect([pathsOf('first.log'), pathsOf('second.log.1'), pathsOf('second.log')]).toEqual([['/slow'], ['/2'], ['/3']]);
});

test.each([
  { why: 'a file that cannot be opened', log: '/nowhere/at/all.log', bind: undefined, code: 'config-invalid' },
  { why: 'an address that is taken', log: 'second.log', bind: 'taken', code: 'listen-failed' },
])('$why changes nothing', async ({ log, bind, code }) => {
  const { server, answered, reload, pathsOf } = await setUp();
  const path = log.startsWith('/') ? log : world.pathOf(log);
  const taken = bind === undefined ? undefined : `127.0.0.1:${await world.backend(() => {})}`;
  await expect(reload({ path }, taken)).rejects.toMatchObject({ code });
  await answered('/after');
  await server.close();
  expect([pathsOf('first.log'), existsSync('/nowhere')]).toEqual([['/after'], false]);
});
