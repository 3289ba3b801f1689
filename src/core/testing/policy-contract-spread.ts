import { expect, test } from 'vitest';
import { endpoints, pickRequest } from './policy-deps.ts';
import { avoiding, clientRequest, type PolicyDriver } from './policy-driver.ts';

const PICKS_EACH = 400;

export function describeSpread(driver: (seed?: number) => PolicyDriver): void {
  test.each([5, 80])('%i equal endpoints get equal shares of requests one after the other', (size) => {
    const subject = driver();
    subject.policy.update(endpoints(size));
    const counts = new Array<number>(size).fill(0);
    for (let i = 0; i < size * PICKS_EACH; i++) counts[subject.takeAndFinish(clientRequest(i))]!++;
    expectEven(counts, 5 * Math.sqrt(PICKS_EACH));
  });

  test.each([5, 80])('%i equal endpoints get equal shares of requests under way', (size) => {
    const subject = driver();
    subject.policy.update(endpoints(size));
    const counts = new Array<number>(size).fill(0);
    const underWay: number[] = [];
    for (let i = 0; i < size * PICKS_EACH; i++) {
      const slot = subject.take(clientRequest(i));
      counts[slot]!++;
      underWay.push(slot);
      if (underWay.length > 2 * size) subject.finish(underWay.shift()!);
    }
    expectEven(counts, 5 * Math.sqrt(PICKS_EACH));
  });

  test('ties are not always the same endpoint, nor always the same order', () => {
    const subject = driver();
    subject.policy.update(endpoints(3));
    const same = pickRequest({ clientIp: '10.0.0.1' });
    const picked = Array.from({ length: 60 }, () => subject.takeAndFinish(same));
    expect(new Set(picked)).toEqual(new Set([0, 1, 2]));
  });
}

export function describeAffinity(driver: (seed?: number) => PolicyDriver): void {
  test.each([5, 80])('%i equal endpoints get similar shares of the keys', (size) => {
    const subject = driver();
    subject.policy.update(endpoints(size));
    const counts = new Array<number>(size).fill(0);
    for (let i = 0; i < size * PICKS_EACH; i++) counts[subject.takeAndFinish(clientRequest(i))]!++;
    // 150 points on a ring leave shares with a deviation of 1/sqrt(150), 8 %: half a share is six of them.
    expectEven(counts, PICKS_EACH / 2);
  });

  test('a request goes always to the same endpoint, whatever the seed and the load', () => {
    const subject = driver(1);
    const other = driver(2);
    for (const { policy } of [subject, other]) policy.update(endpoints(10));
    for (let client = 0; client < 50; client++) {
      const slot = subject.take(clientRequest(client));
      expect([subject.take(clientRequest(client)), other.take(clientRequest(client))]).toEqual([slot, slot]);
    }
  });

  test('the order of members decides nothing', () => {
    const subject = driver();
    const other = driver();
    subject.policy.update(endpoints(10));
    other.policy.update(endpoints(10).reverse());
    for (let client = 0; client < 50; client++) {
      expect(other.take(clientRequest(client))).toBe(subject.take(clientRequest(client)));
    }
  });

  test.each([
    { why: 'ineligible', leave: (subject: PolicyDriver) => subject.policy.setEligible(4, false), avoided: null },
    { why: 'avoided', leave: () => undefined, avoided: avoiding([4]) },
  ])('only the clients of an $why endpoint move, to several others, and come back', ({ leave, avoided }) => {
    const subject = driver();
    subject.policy.update(endpoints(10));
    const clients = Array.from({ length: 1000 }, (_, client) => clientRequest(client));
    const before = clients.map((client) => subject.take(client));
    leave(subject);
    const during = clients.map((client) => subject.take(client, avoided));
    const moved = during.filter((slot, client) => before[client] === 4 && slot !== 4);
    expect(during.every((slot, client) => (before[client] === 4) === (slot !== before[client]))).toBe(true);
    expect(new Set(moved).size).toBeGreaterThan(5);
    subject.policy.setEligible(4, true);
    expect(clients.map((client) => subject.take(client))).toEqual(before);
  });
}

/** For independent draws a count's deviation is at most sqrt(PICKS_EACH); other policies stay below it. */
function expectEven(counts: readonly number[], tolerance: number): void {
  for (const count of counts) expect(Math.abs(count - PICKS_EACH)).toBeLessThanOrEqual(tolerance);
}
