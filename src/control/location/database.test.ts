import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type MmdbValue, writeMmdb } from '../testing/mmdb.ts';
import { databaseOf, type Locate, openDatabase } from './database.ts';

const directory = mkdtempSync(join(tmpdir(), 'equipoise-mmdb-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function written(bytes: Uint8Array): string {
  const path = join(directory, `${files++}.mmdb`);
  writeFileSync(path, bytes);
  return path;
}

function opened(networks: Readonly<Record<string, MmdbValue>>, ipVersion: 4 | 6 = 6): Locate {
  const database = openDatabase(written(writeMmdb(networks, ipVersion)));
  if ('problem' in database) throw new Error(database.problem);
  return database.locate;
}

const berlin = { latitude: 52.52, longitude: 13.405 };
const sydney = { latitude: -33.87, longitude: 151.21 };

describe('openDatabase', () => {
  test.each([4, 6] as const)('finds the place of an address (IPv%i)', (ipVersion) => {
    const locate = opened(
      {
        '10.1.0.0/16': { city: { name: 'Berlin' }, location: berlin },
        '10.2.3.4': { location: { ...sydney, accuracy: 5 } },
      },
      ipVersion,
    );
    expect(locate('10.1.255.7')).toEqual(berlin);
    expect(locate('::ffff:10.1.0.1')).toEqual(berlin);
    expect(locate('10.2.3.4')).toEqual(sydney);
    for (const unknown of ['10.2.3.5', '192.168.0.1', '2001:db8::1', '', 'unix:/x', '10.1.0', 'localhost', '::']) {
      expect(locate(unknown)).toBeUndefined();
    }
    // A second time from what is kept.
    expect([locate('10.1.255.7'), locate('192.168.0.1')]).toEqual([berlin, undefined]);
  });

  test('what is kept is bounded and stays right', () => {
    const locate = opened({ '10.1.0.0/16': { location: berlin } });
    for (let i = 0; i < 10_000; i++) {
      expect(locate(`10.${1 + (i % 2)}.${i >> 8}.${i & 255}`)).toEqual(i % 2 === 0 ? berlin : undefined);
    }
  });

  test.each([
    { why: 'no location', record: { country: 'de' } },
    { why: 'half a location', record: { location: { latitude: 1 } } },
    { why: 'no numbers', record: { location: { latitude: '1', longitude: '2' } } },
    { why: 'not on the earth', record: { location: { latitude: 91, longitude: 2 } } },
    { why: 'no record', record: 'x' },
  ])('$why is no place', ({ record }) => {
    expect(opened({ '10.0.0.0/8': record })('10.1.2.3')).toBeUndefined();
  });

  test.each([
    { why: 'a file that is not there', path: join(directory, 'none.mmdb'), problem: /^there is no file .*none\.mmdb$/ },
    { why: 'a directory', path: directory, problem: /cannot be read/ },
    { why: 'text', path: written(Buffer.from('not a database')), problem: /is not a MaxMind DB file/ },
    { why: 'nothing', path: written(Buffer.alloc(0)), problem: /is not a MaxMind DB file/ },
    {
      why: 'a part of one',
      path: written(writeMmdb({ '10.0.0.0/8': { location: berlin } }).subarray(0, -60)),
      problem: /is not a MaxMind DB file/,
    },
  ])('$why is a problem with a fix', ({ path, problem }) => {
    const database = openDatabase(path) as { problem: string; fix: string };
    expect(database.problem).toMatch(problem);
    expect(database.fix).not.toBe('');
  });

  test('damaged data costs no request', () => {
    const bytes = writeMmdb({ '10.0.0.0/8': { location: berlin } }, 4);
    const tree = bytes.indexOf(Buffer.alloc(16));
    for (let at = tree; at < tree + 60; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = 0xff;
      const database = openDatabase(written(damaged));
      if ('locate' in database) expect(() => database.locate('10.1.2.3')).not.toThrow();
    }
  });
});

describe('databaseOf', () => {
  test.each([
    { policy: { type: 'geographic', database: 'a' }, want: 'a' },
    { policy: { type: 'zone-aware', policy: { type: 'geographic', database: 'b' } }, want: 'b' },
    { policy: { type: 'geographic', policy: { type: 'p2c' } }, want: undefined },
    { policy: 'geographic', want: undefined },
    { policy: null, want: undefined },
  ])('$policy', ({ policy, want }) => {
    expect(databaseOf(policy)).toBe(want);
  });
});
