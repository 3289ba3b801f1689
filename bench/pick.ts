/**
 * What a pick costs, for every registered policy, and beside other packages that do the same job.
 *
 *   bun bench/pick.ts [--json] [--endpoints 3,100,10000,100000] [--policy TYPE] [--peers] [--proof-ms 10000]
 *
 * First a pick with its outcome: nanoseconds, bytes allocated, and milliseconds to build (the rebuild cost of rings and
 * tables). 64 picks are in flight at any time; the keys are those of 1024 clients; every endpoint answers in 1 to 50 ms.
 * Times are the best of three, the collector's work included. Bytes: how many picks pass before the collector runs,
 * against a loop that allocates objects of known size; 0 means that it did not run in as many picks as 8 bytes each would
 * need, – that picks are too slow to try so many. Then, for all policies or with --peers, the selection alone beside
 * hashring, load-balancers and undici's BalancedPool: one pair in a process, because an engine compiles a loop worse that it
 * has seen with several policies, by turns, CPU time, medians of seven.
 */

import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { policies } from '../src/core/policies/registry.ts';
import { bytesPerTurn, cpuNsPerTurn, nsPerTurn } from './harness/pick-cost.ts';
import { pickAndOutcomeLoop, pickLoop } from './harness/pick-loop.ts';
import { peers, versionOf } from './harness/pick-peers.ts';

const pairs = peers.flatMap((peer) => peer.policies.map((choice) => ({ peer, choice })));

interface Row {
  readonly policy: string;
  readonly endpoints: number;
  readonly buildMs: number;
  readonly nsPerPick: number;
  /** null: not measurable in the time given to it. */
  readonly bytesPerPick: number | null;
}

interface PeerRow {
  readonly package: string;
  readonly what: string;
  readonly omits: string;
  readonly policy: string;
  readonly endpoints: number;
  /** null: it does not build in reasonable time. */
  readonly theirNs: number | null;
  readonly theirBuildMs: number | null;
  readonly ourNs: number;
  readonly ourBuildMs: number;
}

async function measure(policy: string, endpoints: number): Promise<Row> {
  const { buildMs, run } = pickAndOutcomeLoop(policy, endpoints);
  const ns = nsPerTurn(run);
  return {
    policy,
    endpoints,
    buildMs,
    nsPerPick: ns,
    bytesPerPick: await bytesPerTurn(run, ns, Number(values['proof-ms'])),
  };
}

/** The `index`th pair of a peer and a policy of ours that does its job. */
function compare(index: number, endpoints: number): PeerRow {
  const { peer, choice } = pairs[index]!;
  const ours = pickLoop(choice, endpoints, peer.clients);
  const theirs = endpoints <= peer.mostEndpoints ? peer.create(endpoints) : undefined;
  const [ourNs, theirNs] = cpuNsPerTurn(theirs === undefined ? [ours.run] : [ours.run, theirs.run]);
  return {
    package: `${peer.package} ${versionOf(peer.package)}`,
    what: peer.what,
    omits: peer.omits,
    policy: typeof choice === 'string' ? choice : Object.values(choice).join(' '),
    endpoints,
    theirNs: theirNs ?? null,
    theirBuildMs: theirs?.buildMs ?? null,
    ourNs: ourNs!,
    ourBuildMs: ours.buildMs,
  };
}

function compareApart(index: number, endpoints: number): PeerRow {
  const args = [import.meta.path, '--pair', String(index), '--endpoints', String(endpoints)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as PeerRow;
}

const short = (value: number) => (value >= 10_000 ? `${(value / 1000).toFixed(0)}k` : value.toFixed(0));
const cell = (value: number | null) => (value === null ? '–' : short(value)).padStart(9);

function printTable(rows: readonly Row[], sizes: readonly number[]): void {
  console.log(`Bun ${Bun.version} · ns per pick and outcome, bytes per pick, ms to build, at each number of endpoints`);
  const heads = sizes.map((size) => size.toLocaleString('en').padStart(9)).join('');
  console.log(`${'policy'.padEnd(22)}${'ns'.padStart(3)}${heads}   bytes${heads}   build${heads}`);
  for (const policy of new Set(rows.map((row) => row.policy))) {
    const own = rows.filter((row) => row.policy === policy);
    const cells = (of: (row: Row) => number | null) => own.map((row) => cell(of(row))).join('');
    const ns = cells((row) => row.nsPerPick);
    const bytes = cells((row) => row.bytesPerPick);
    console.log(`${policy.padEnd(25)}${ns}        ${bytes}        ${cells((row) => row.buildMs)}`);
  }
}

function printPeers(rows: readonly PeerRow[]): void {
  console.log('\nThe selection alone, one after the other, CPU ns; – does not build in reasonable time');
  const line = (...cells: string[]) => console.log(cells.join(' '));
  line(
    'ours'.padEnd(20),
    'endpoints',
    '   ns ours',
    '   theirs',
    'ours/theirs',
    'build ms ours',
    'theirs    ',
    'package',
  );
  for (const row of rows) {
    const ratio = row.theirNs === null ? '–' : (row.ourNs / row.theirNs).toFixed(2);
    const endpoints = row.endpoints.toLocaleString('en').padStart(9);
    const build = [cell(row.ourBuildMs).padStart(13), cell(row.theirBuildMs)] as const;
    const name = `${row.package}: ${row.what}`;
    line(
      row.policy.padEnd(20),
      endpoints,
      ` ${cell(row.ourNs)}`,
      cell(row.theirNs),
      ratio.padStart(11),
      ...build,
      name,
    );
  }
  for (const name of new Set(rows.map((row) => `${row.package}: ${row.what}: without ${row.omits}`))) line(name);
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    endpoints: { type: 'string', default: '3,100,10000,100000' },
    policy: { type: 'string', multiple: true, default: [] },
    peers: { type: 'boolean', default: false },
    pair: { type: 'string' },
    'proof-ms': { type: 'string', default: '10000' },
  },
});
const sizes = values.endpoints.split(',').map(Number);
if (values.pair === undefined) await measureAll();
else console.log(JSON.stringify(compare(Number(values.pair), sizes[0]!)));

async function measureAll(): Promise<void> {
  const types = values.policy.length > 0 ? values.policy : values.peers ? [] : policies.types;
  const rows: Row[] = [];
  for (const policy of types) for (const size of sizes) rows.push(await measure(policy, size));
  const compared = values.peers || values.policy.length === 0 ? pairs : [];
  const peerRows = compared.flatMap((_, index) => sizes.map((size) => compareApart(index, size)));
  if (values.json) console.log(JSON.stringify({ bun: Bun.version, rows, peers: peerRows }, null, 2));
  else {
    if (rows.length > 0) printTable(rows, sizes);
    if (peerRows.length > 0) printPeers(peerRows);
  }
}
