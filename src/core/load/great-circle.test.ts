import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distanceKm } from './great-circle.ts';

const berlin = { latitude: 52.52, longitude: 13.405 };
const paris = { latitude: 48.8566, longitude: 2.3522 };
const sydney = { latitude: -33.8688, longitude: 151.2093 };
const newYork = { latitude: 40.7128, longitude: -74.006 };

const half = Math.PI * 6371;

describe('distanceKm', () => {
  // Within 0.5 % of the distances on the ellipsoid, which is all that a sphere can promise.
  test.each([
    { why: 'Berlin to Paris', from: berlin, to: paris, km: 879 },
    { why: 'Berlin to Sydney', from: berlin, to: sydney, km: 16_094 },
    { why: 'New York to Paris', from: newYork, to: paris, km: 5853 },
    {
      why: 'across the date line',
      from: { latitude: 0, longitude: 179.5 },
      to: { latitude: 0, longitude: -179.5 },
      km: 111.3,
    },
    { why: 'a degree of latitude', from: { latitude: 0, longitude: 0 }, to: { latitude: 1, longitude: 0 }, km: 111.2 },
  ])('$why', ({ from, to, km }) => {
    expect(Math.abs(distanceKm(from, to) - km) / km).toBeLessThan(0.005);
  });

  test.each([
    { why: 'pole to pole', from: { latitude: 90, longitude: 10 }, to: { latitude: -90, longitude: 170 }, km: half },
    {
      why: 'a pole has every longitude',
      from: { latitude: 90, longitude: 0 },
      to: { latitude: 90, longitude: 90 },
      km: 0,
    },
    { why: 'the other side', from: { latitude: 0, longitude: 0 }, to: { latitude: 0, longitude: 180 }, km: half },
  ])('$why', ({ from, to, km }) => {
    expect(distanceKm(from, to)).toBeCloseTo(km, 6);
  });

  test('is 0 to half the girth, the same both ways, and 0 to itself', () => {
    const place = fc.record({
      latitude: fc.double({ min: -90, max: 90, noNaN: true }),
      longitude: fc.double({ min: -180, max: 180, noNaN: true }),
    });
    fc.assert(
      fc.property(place, place, (a, b) => {
        const km = distanceKm(a, b);
        expect(km >= 0 && km <= half).toBe(true);
        expect(distanceKm(b, a)).toBeCloseTo(km, 9);
        expect(distanceKm(a, a)).toBe(0);
      }),
    );
  });
});
