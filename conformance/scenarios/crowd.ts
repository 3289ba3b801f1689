/** Connections that come at one time and stay; the balancer would do well to have descriptors left for the others. */
export interface Crowd {
  readonly name: string;
  /** What went wrong without it. */
  readonly why: string;
  readonly clients: number;
  /** Of the listener. Default: the descriptors alone. */
  readonly limits?: { readonly connections?: number; readonly perSource?: number };
  /** Descriptors of the balancer. Default: many. */
  readonly openFiles?: number;
  /** A client that comes after the crowd is served by another listener. */
  readonly leavesRoom: boolean;
}

const REFUSED =
  'those refused kept descriptors while they waited to read why: no check, no accept, no admin request went on';

/** They come while others are served. */
export const crowds: readonly Crowd[] = [
  ...[undefined, 256].flatMap((openFiles) =>
    (['connections', 'perSource'] as const).map((limit) => ({
      name: `above ${limit}${openFiles ? `, ${openFiles} descriptors` : ''}`,
      ...{ why: REFUSED, clients: 400, limits: { [limit]: 20 }, leavesRoom: true, ...(openFiles && { openFiles }) },
    })),
  ),
  { name: 'above 256 descriptors', why: REFUSED, clients: 400, openFiles: 256, leavesRoom: false },
];

/** It comes and asks for nothing, until some of it do. */
export const idleCrowd: Crowd = {
  name: 'of 150 idle clients, 200 descriptors',
  why: 'clients took all descriptors, and requests failed with 502 as if their endpoints were down',
  ...{ clients: 150, openFiles: 200, leavesRoom: false },
};
