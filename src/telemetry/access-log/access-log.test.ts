import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AccessLog } from './access-log.ts';
import { createRequestRecord } from './record.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'access-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A log whose timers never fire. */
function openLog(path: string, headers: readonly string[] = []) {
  const counts = { written: 0, dropped: 0 };
  const clock = { now: () => 5000 };
  const onFailure = (reason: string) => {
    throw new Error(reason);
  };
  const options = { format: 'json', path, sample: 1, headers, hideQuery: [] } as const;
  const log = new AccessLog(options, { clock, wallClock: () => 1e12, after: () => {}, counts, onFailure });
  const format = log.formatOf('web');
  return {
    ...{ log, counts },
    write(lines: number): void {
      for (let i = 0; i < lines; i++) {
        log.begin();
        log.request(format, createRequestRecord(headers.length), 4000, 4900);
      }
    },
  };
}

test('a file is written in large batches', async () => {
  const path = join(folder, 'a.log');
  const { log, counts, write } = openLog(path);
  write(1000);
  expect([statSync(path).size, counts.written]).toEqual([0, 0]);
  write(2000);
  while (counts.written === 0) await new Promise(setImmediate);
  expect(statSync(path).size).toBeGreaterThan(262_144);
  await log.close();
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  expect([lines.length, counts]).toEqual([3000, { written: 3000, dropped: 0 }]);
  // The clock's 4000, of the moment when it was 5000 at 10¹² ms.
  expect(JSON.parse(lines[0]!)).toMatchObject({ time: '2001-09-09T01:46:39.000Z', durationMs: 900 });
});

test('datagrams go out a few at a time', async () => {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const { log, counts, write } = openLog(`syslog://127.0.0.1:${server.address().port}`);
  write(200);
  while (counts.written === 0) await new Promise(setImmediate);
  expect(counts.written).toBeLessThan(150);
  await log.close();
  server.close();
});

test('lines may be longer than usual', async () => {
  const path = join(folder, 'long.log');
  const headers = Array.from({ length: 500 }, (_, i) => `x-${i}`);
  const { log, counts, write } = openLog(path, headers);
  write(100);
  await log.close();
  expect(counts).toEqual({ written: 100, dropped: 0 });
});

test('a retired log closes behind what is under way', async () => {
  const path = join(folder, 'b.log');
  const { log, write } = openLog(path);
  log.begin();
  let isClosed = false;
  const closed = log.retire().then(() => {
    isClosed = true;
  });
  write(1);
  await new Promise(setImmediate);
  expect(isClosed).toBe(false);
  log.request(log.formatOf('late'), createRequestRecord(0), 4000, 4900);
  await closed;
  expect(readFileSync(path, 'utf8').match(/"listener":"\w+"/g)).toEqual(['"listener":"web"', '"listener":"late"']);
});
