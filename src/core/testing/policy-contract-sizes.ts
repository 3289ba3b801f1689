import { expect, test } from 'vitest';
import { endpoints } from './policy-deps.ts';
import { clientRequest, type PolicyDriver } from './policy-driver.ts';

const MANY = 10_000;

/** What a configuration may say at most, and what a program may; of that much a ring takes seconds. */
const HUGE = 65_535;
const HUGER = 1e9;

export function describeSizes(driver: () => PolicyDriver, decidedBy: string): void {
  test.each([1, 2])('of %i each can be reached', (size) => {
    const subject = driver();
    subject.policy.update(endpoints(size));
    for (let slot = 0; slot < size; slot++) expect(subject.takeAndFinish(clientRequest(slot), allBut(slot))).toBe(slot);
  });

  test('10,000 endpoints: each can be reached, the ineligible never serve, shares are even', () => {
    const subject = driver();
    subject.policy.update(endpoints(MANY));
    for (let slot = 7; slot < MANY; slot += 997) {
      expect(subject.takeAndFinish(clientRequest(slot), allBut(slot))).toBe(slot);
    }
    if (decidedBy === 'load') expectEvenShares(subject, MANY / 5, 0);
    if (decidedBy === 'key') expectEvenShares(subject, MANY / 5, KEY_DEVIATION);
    for (let slot = 0; slot < MANY; slot += 2) subject.policy.setEligible(slot, false);
    for (let client = 0; client < 200; client++) expect(subject.takeAndFinish(clientRequest(client)) % 2).toBe(1);
  }, 30_000);

  test.each(decidedBy === 'load' ? [HUGE, HUGER] : [HUGE])(
    'weights of 0, 1 and %i: the least serves, not more often than the greatest',
    (weight) => {
      const subject = driver();
      subject.policy.update(endpoints([{ weight: 0 }, { weight: 1 }, { weight }]));
      const counts = [0, 0, 0];
      for (let client = 0; client < 400; client++) counts[subject.takeAndFinish(clientRequest(client))]!++;
      expect(counts[0]).toBe(0);
      // Equals differ by less than five standard deviations of 2 × Binomial(400, 1/2), sqrt(400).
      if (decidedBy !== 'place') expect(counts[1]! - counts[2]!).toBeLessThan(5 * Math.sqrt(400));
      expect(subject.takeAndFinish(clientRequest(0), allBut(1))).toBe(1);
      subject.policy.setEligible(2, false);
      for (let client = 0; client < 20; client++) expect(subject.takeAndFinish(clientRequest(client))).toBe(1);
    },
    30_000,
  );
}

const allBut = (slot: number) => ({ has: (each: number) => each !== slot });

/** A hash policy's shares may deviate by so much of a share each: on a ring of 150 points by 8 %. */
const KEY_DEVIATION = 0.2;

/**
 * Pearson's statistic of independent uniform draws has the mean n − 1 and a deviation below sqrt(2(n − 1)); six are allowed.
 * What is more even is below. Shares that deviate add picks × deviation².
 */
function expectEvenShares(subject: PolicyDriver, picks: number, deviation: number): void {
  const counts = new Int32Array(MANY);
  for (let i = 0; i < picks; i++) counts[subject.takeAndFinish(clientRequest(i))]!++;
  const each = picks / MANY;
  const statistic = counts.reduce((sum, count) => sum + (count - each) ** 2 / each, 0);
  expect(statistic).toBeLessThan(MANY - 1 + 6 * Math.sqrt(2 * (MANY - 1)) + picks * deviation ** 2);
}
