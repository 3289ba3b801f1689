import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { endpoints } from '../testing/index.ts';
import { HashRing } from './hash-ring.ts';
import { createKetamaPoints, KETAMA_POINTS, ketamaKey } from './ketama.ts';

const servers = ['10.0.1.1:11211', '10.0.1.2:11211', '10.0.1.3:11211', '10.0.1.4:11211'];

// What `python3 src/core/load/ketama.reference.py` prints.
const REFERENCE = {
  first: [4398564, 4826654, 10171922],
  last: 4290013132,
  md5OfAll: 'b6e8ba02e98ddc820d46423c5014ccdd',
  owners: [2, 2, 2, 2, 2, 3, 2, 3, 3, 1, 0, 2, 0, 0, 1, 2, 2, 0, 3, 3, 0, 3, 1, 3],
  counts: [2503, 2232, 2457, 2808],
};

function ring(): HashRing {
  const hashRing = new HashRing(createKetamaPoints());
  hashRing.reset(endpoints(servers.map((id) => ({ id }))), KETAMA_POINTS);
  return hashRing;
}

describe('ketama', () => {
  test('its points are those of the reference', () => {
    const pointOf = createKetamaPoints();
    const points = servers.flatMap((id) => Array.from({ length: KETAMA_POINTS }, (_, node) => pointOf(id, node)));
    points.sort((a, b) => a - b);
    expect([points.slice(0, 3), points.at(-1)]).toEqual([REFERENCE.first, REFERENCE.last]);
    const packed = new DataView(new ArrayBuffer(4 * points.length));
    for (const [i, point] of points.entries()) packed.setUint32(4 * i, point, true);
    expect(createHash('md5').update(packed).digest('hex')).toBe(REFERENCE.md5OfAll);
  });

  test('a point does not depend on which was asked for before', () => {
    const [inOrder, jumping] = [createKetamaPoints(), createKetamaPoints()];
    const points = Array.from({ length: 9 }, (_, node) => inOrder('a', node));
    for (const node of [8, 0, 5, 4, 0])
      expect([jumping('a', node), jumping('b', node) === points[node]]).toEqual([points[node], false]);
  });

  test('its keys belong to whom they belong in the reference', () => {
    const hashRing = ring();
    const owners = Array.from({ length: 10_000 }, (_, i) => hashRing.ownerAt(hashRing.indexOf(ketamaKey(`key-${i}`))));
    expect(owners.slice(0, REFERENCE.owners.length)).toEqual(REFERENCE.owners);
    expect(servers.map((_, slot) => owners.filter((owner) => owner === slot).length)).toEqual(REFERENCE.counts);
  });
});
