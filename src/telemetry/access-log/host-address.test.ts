import { expect, test } from 'vitest';
import { HostAddress, type Lookup } from './host-address.ts';

/** A clock and a system that answers when the test says. */
function setUp(host = 'logs.example') {
  let nowMs = 0;
  const asked: Parameters<Lookup>[1][] = [];
  const told: string[] = [];
  const address = new HostAddress(host, { now: () => nowMs }, (_host, found) => void asked.push(found));
  return {
    ...{ address, asked, told },
    find: () => address.resolve((error, ip) => told.push(error === null ? ip : error.message)),
    at(ms: number): void {
      nowMs = ms;
    },
    answer: (ip: string) => asked.at(-1)!(null, [{ address: ip, family: 4 }]),
    fail: () => asked.at(-1)!(new Error('not found'), []),
  };
}

test('who asks while it is looked up waits; a minute later it is looked up again, and the former one used meanwhile', () => {
  const { find, at, answer, asked, told } = setUp();
  find();
  find();
  expect([asked.length, told]).toEqual([1, []]);
  answer('10.0.0.1');
  at(59_999);
  find();
  expect(asked).toHaveLength(1);
  at(60_000);
  find();
  find();
  expect([asked.length, told]).toEqual([2, Array(5).fill('10.0.0.1')]);
  answer('10.0.0.2');
  find();
  expect(told.at(-1)).toBe('10.0.0.2');
});

test('one that fails is tried again after a second; a known address stays', () => {
  const { find, at, answer, fail, asked, told } = setUp();
  find();
  fail();
  find();
  expect([asked.length, told]).toEqual([1, ['not found', 'not found']]);
  at(1000);
  find();
  answer('10.0.0.1');
  at(61_000);
  find();
  fail();
  find();
  expect([asked.length, told.slice(2)]).toEqual([3, Array(3).fill('10.0.0.1')]);
});

test('one that is of no use is looked up again, at most once a second', () => {
  const { address, find, at, answer, asked } = setUp();
  find();
  answer('10.0.0.1');
  address.doubt();
  at(999);
  find();
  expect(asked).toHaveLength(1);
  at(1000);
  find();
  expect(asked).toHaveLength(2);
});

test('an address is none to look up', () => {
  for (const ip of ['10.0.0.9', 'fe80::1']) {
    const { find, asked, told } = setUp(ip);
    find();
    expect([asked.length, told]).toEqual([0, [ip]]);
  }
});
