import type { Location } from '../kernel/endpoint.ts';

/** The mean radius of the earth: IUGG, R1 = 6371.009 km. */
const RADIUS_KM = 6371;

const RADIANS = Math.PI / 180;

/**
 * Kilometres between two places on a sphere, 0 to 20,015.
 *
 * Source  the haversine formula: Sinnott, "Virtues of the haversine", Sky and Telescope 68(2), 1984.
 */
export function distanceKm(a: Location, b: Location): number {
  const latitude = Math.sin(((b.latitude - a.latitude) * RADIANS) / 2);
  const longitude = Math.sin(((b.longitude - a.longitude) * RADIANS) / 2);
  const parallel = Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS);
  const haversine = latitude * latitude + parallel * longitude * longitude;
  // Opposite places come out a rounding error above 1, of which there is no arcsine.
  return 2 * RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(haversine)));
}
