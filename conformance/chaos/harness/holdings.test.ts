import { expect, test } from 'vitest';
import { growthOf, type Holdings } from './holdings.ts';

const held = (more: Partial<Holdings>): Holdings => ({
  ...{ otherDescriptors: 30, strayConnections: 0, endpointConnections: 20, heapMiB: 20, residentMiB: 100 },
  ...more,
});

test.each<{ why: string; rounds: Partial<Holdings>[]; says: string[] }>([
  { why: 'the same', rounds: [{}, {}, {}], says: [] },
  { why: 'the first round is warm-up', rounds: [{ residentMiB: 20 }, {}, {}], says: [] },
  { why: 'what is collected is no growth', rounds: [{}, {}, { residentMiB: 200 }, {}, { residentMiB: 200 }], says: [] },
  {
    why: 'memory that stays',
    rounds: [{}, {}, { residentMiB: 120 }, { residentMiB: 150 }, { residentMiB: 160 }],
    says: ['residentMiB grew from 100 to 150, by more than 48'],
  },
  {
    why: 'a heap that no run of the collector brings back has grown',
    rounds: [{}, {}, { heapMiB: 27 }, { heapMiB: 29 }, { heapMiB: 33 }],
    says: ['heapMiB grew from 20 to 29, by more than 8'],
  },
  {
    why: 'connections that are counted for ever',
    rounds: [{}, { strayConnections: 70 }, { strayConnections: 140 }],
    says: ['strayConnections grew from 70 to 140, by more than 8'],
  },
  {
    why: 'a descriptor a reload',
    rounds: [{}, {}, { otherDescriptors: 50 }],
    says: ['otherDescriptors grew from 30 to 50, by more than 8'],
  },
])('$why', ({ rounds, says }) => {
  expect(growthOf(rounds.map(held))).toEqual(says);
});
