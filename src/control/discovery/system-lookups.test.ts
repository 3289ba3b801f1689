import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import { createSystemLookups } from './system-lookups.ts';

let server: Socket | undefined;

afterEach(() => {
  server?.close();
  server = undefined;
});

const A = 1;

/** A name server that knows one A record, 10.1.2.3 with a TTL of 77 s, for any name (RFC 1035, section 4.1). */
async function serveNames(): Promise<string> {
  const socket = createSocket('udp4');
  server = socket;
  socket.on('message', (query, from) => {
    const nameEnd = query.indexOf(0, 12);
    const question = query.subarray(12, nameEnd + 5);
    const found = query.readUInt16BE(nameEnd + 1) === A;
    const head = Buffer.from([query[0]!, query[1]!, 0x81, 0x80, 0, 1, 0, found ? 1 : 0, 0, 0, 0, 0]);
    const answer = [0xc0, 12, 0, A, 0, 1, 0, 0, 0, 77, 0, 4, 10, 1, 2, 3];
    socket.send(Buffer.concat([head, question, Buffer.from(found ? answer : [])]), from.port, from.address);
  });
  await new Promise<void>((listening) => socket.bind(0, '127.0.0.1', listening));
  return `127.0.0.1:${socket.address().port}`;
}

describe('createSystemLookups', () => {
  test('asks the name servers for records and their TTL', async () => {
    const lookups = createSystemLookups([await serveNames()]);
    expect(await lookups.resolve4('api.test')).toEqual([{ address: '10.1.2.3', ttl: 77 }]);
  });

  test('says in one of two codes that there is no record', async () => {
    const lookups = createSystemLookups([await serveNames()]);
    const code = await lookups.resolve6('api.test').then(
      () => 'found',
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(['ENODATA', 'ENOTFOUND']).toContain(code);
  });

  test('finds localhost in the hosts file', async () => {
    expect(await createSystemLookups().lookup('localhost')).toContain('127.0.0.1');
  });
});
