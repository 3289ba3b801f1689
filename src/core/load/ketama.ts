/**
 * Ketama: the ring of points that memcached's clients agree on, so that a key is where they would have it.
 *
 * An endpoint's points are the four words, lowest byte first, of the MD5 of `<id>-<n>`, n = 0, 1, 2, …: 40 digests, 160 points
 * for each unit of weight. A key's place is the first word of its MD5. libketama and its ports agree while weights are equal and
 * ids are the addresses they use; of unequal weights, libketama has the mean at 160.
 *
 * Source  Jones (Last.fm), libketama, ketama.c.
 * Cost    one MD5 for a key, and for four points of one id in a row.
 */
import { md5 } from '../hash/md5.ts';
import type { PointHash } from './hash-ring.ts';

/** For each unit of weight. */
export const KETAMA_POINTS = 160;

const keyDigest = new Uint32Array(4);

/** An integer in [0, 2^32). */
export function ketamaKey(text: string): number {
  md5(text, keyDigest);
  return keyDigest[0]!;
}

/** Asked for the points of one id in order, it computes every digest once. */
export function createKetamaPoints(): PointHash {
  const digest = new Uint32Array(4);
  let digested = '';
  return (id, node) => {
    const text = `${id}-${node >> 2}`;
    if (text !== digested) md5(text, digest);
    digested = text;
    return digest[node & 3]!;
  };
}
