import { createSocket, type Socket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { writeLines } from '../testing/lines.ts';
import type { Lookup } from './host-address.ts';
import { syslogSink } from './syslog-sink.ts';

const fail = (reason: string) => {
  throw new Error(reason);
};
const clock = { now: () => 0 };
const now = () => new Date(0);

async function listen(): Promise<{ server: Socket; port: number; messages: string[]; have(count: number): unknown }> {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const messages: string[] = [];
  server.on('message', (message) => void messages.push(message.toString('utf8')));
  const have = async (count: number) => {
    while (messages.length < count) await once(server, 'message');
  };
  return { server, port: server.address().port, messages, have };
}

test('each line is a message of RFC 5424', async () => {
  const { server, port, messages, have } = await listen();
  const sink = syslogSink('127.0.0.1', port, { clock, now, onFailure: fail });
  expect(await writeLines(sink, '{"a":1}\n{"b":"ü"}\n')).toBe(0);
  await have(2);
  sink.close();
  server.close();
  const head = /^<134>1 1970-01-01T00:00:00\.000Z \S+ equipoise \d+ access - /;
  expect(messages.every((each) => head.test(each))).toBe(true);
  expect(messages.map((each) => each.replace(head, '')).sort()).toEqual(['{"a":1}', '{"b":"ü"}']);
});

test('a name is looked up once for all lines', async () => {
  const { server, port, messages, have } = await listen();
  let lookups = 0;
  const lookup: Lookup = (_host, found) => {
    lookups++;
    setImmediate(found, null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ] satisfies LookupAddress[]);
  };
  const sink = syslogSink('logs.example', port, { clock, now, onFailure: fail, lookup });
  expect([await writeLines(sink, 'a\nb\n'), await writeLines(sink, 'c\n')]).toEqual([0, 0]);
  await have(3);
  sink.close();
  server.close();
  expect([lookups, messages.length]).toEqual([1, 3]);
});

test('lines for a name without an address are lost and counted, told once', async () => {
  const reasons: string[] = [];
  const lookup: Lookup = (_host, found) => void setImmediate(found, new Error('getaddrinfo ENOTFOUND'), []);
  const onFailure = (reason: string) => void reasons.push(reason);
  const sink = syslogSink('logs.example', 514, { clock, now, onFailure, lookup });
  expect([await writeLines(sink, 'a\nb\n'), await writeLines(sink, 'c\n')]).toEqual([2, 1]);
  sink.close();
  expect(reasons).toEqual(['syslog at logs.example:514: getaddrinfo ENOTFOUND']);
});

test('what waits for a name at the end is lost', async () => {
  let answer: (() => void) | undefined;
  const lookup: Lookup = (_host, found) => {
    answer = () => found(null, [{ address: '127.0.0.1', family: 4 }]);
  };
  const sink = syslogSink('logs.example', 514, { clock, now, onFailure: fail, lookup });
  const written = writeLines(sink, 'a\n');
  sink.close();
  answer!();
  expect(await written).toBe(1);
});
