/**
 * The arrivals of a simulated workload as real requests, open loop.
 *
 * Run  bun workload-load.ts <port> <workload> <seed> <seconds> <connections>; prints an OpenLoopResult.
 */
import { createRng } from '../../src/core/kernel/rng.ts';
import { workloads } from '../../src/core/testing/workloads.ts';
import { browserRequest } from './browser-request.ts';
import { runOpenLoop } from './open-loop.ts';

const [port, name, seed, seconds, connections] = process.argv.slice(2);
const workload = workloads.find((each) => each.name === name);
if (workload === undefined || connections === undefined) throw new Error('port, workload, seed, seconds, connections');
const next = workload.arrivals(createRng(Number(seed)));
const dueMs: number[] = [];
for (let atMs = next(0); atMs < Number(seconds) * 1000; atMs = next(atMs)) dueMs.push(atMs);
const load = { port: Number(port), rate: 0, seconds: 0, connections: Number(connections) };
console.log(JSON.stringify(runOpenLoop({ ...load, request: browserRequest('/'), dueMs: Float64Array.from(dueMs) })));
