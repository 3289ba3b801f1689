import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { isListenedOn } from './listening-ports.ts';

const directory = mkdtempSync(join(tmpdir(), 'listening-ports-'));
afterAll(() => rmSync(directory, { recursive: true }));

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

/** `local` as the kernel writes it. */
const row = (at: number, local: string, state: string) =>
  `${String(at).padStart(4)}: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1\n`;

let written = 0;
function table(...rows: string[]): string {
  const file = join(directory, `table-${written++}`);
  writeFileSync(file, HEADER + rows.join(''));
  return file;
}

describe('who listens, as the kernel writes it', () => {
  const many = Array.from({ length: 5000 }, (_, at) => row(at, `0100007F:${(10_000 + at).toString(16)}`, '0A'));
  test.each([
    ['nobody', [table(), table()], 80, false],
    ['one of two tables', [table(), table(row(0, `${'0'.repeat(32)}:1F90`, '0A'))], 8080, true],
    ['a low port, with its zeros', [table(row(0, '0100007F:0050', '0A'))], 80, true],
    ['a port that is only its end', [table(row(0, '0100007F:0050', '0A'))], 0x1050, false],
    ['a connection of that port', [table(row(0, '0100007F:1F90', '01'))], 8080, false],
    ['behind the first connection nobody listens', [table(row(0, 'A:1', '01'), row(1, 'A:1F90', '0A'))], 8080, false],
    ['more than one piece', [table(...many, row(5000, '0100007F:0050', '0A'))], 80, true],
    ['no table', [join(directory, 'absent')], 80, undefined],
  ] as const)('%s', (_, tables, port, listened) => {
    expect(isListenedOn(port, tables)).toBe(listened);
  });
});

test.skipIf(process.platform !== 'linux')('on this machine: a port is listened on until it is closed', async () => {
  const server = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(isListenedOn(port)).toBe(true);
  const client = connect(port, '127.0.0.1');
  await new Promise((resolve) => client.once('connect', resolve));
  // Its connection goes on, and its port is free all the same.
  const closed = new Promise((resolve) => server.close(resolve));
  expect(isListenedOn(port)).toBe(false);
  client.destroy();
  await closed;
});
