/**
 * The endpoints of a simulated workload as real ones: requests wait in one line before each endpoint's places, and a timer
 * stands for the work.
 *
 * Run  bun slow-origin.ts <workload> <port,port,…>
 *      `GET /restart?seed=N` on any port begins the weather anew; `GET /health` answers at once.
 * Cost a few microseconds a request. A timer fires late; what it is late is taken off the endpoint's next services, so that
 *      their mean is right.
 */
import type { Server } from 'bun';
import { createRng, type Rng } from '../../src/core/kernel/rng.ts';
import type { EndpointSpec } from '../../src/core/testing/simulated-endpoints.ts';
import { type Workload, workloads } from '../../src/core/testing/workloads.ts';

interface Weather {
  readonly startMs: number;
  readonly service: Rng;
  readonly slowdowns: readonly ((nowMs: number) => number)[];
}

function weatherOf(workload: Workload, seed: number): Weather {
  const seeds = createRng(seed);
  const stream = () => createRng(seeds.below(2 ** 32));
  const service = stream();
  const slowdowns = workload.endpoints.map(({ slowdown = 1 }) => {
    const rng = stream();
    return typeof slowdown === 'number' ? () => slowdown : slowdown(rng);
  });
  return { startMs: performance.now(), service, slowdowns };
}

function serve(workload: Workload, ports: readonly number[]): void {
  let weather = weatherOf(workload, 1);
  const body = 'x'.repeat(100);
  ports.forEach((port, slot) => {
    const endpoint = new Places(workload.endpoints[slot]!, () => {
      const { startMs, service, slowdowns } = weather;
      return workload.service(service) * slowdowns[slot]!(performance.now() - startMs);
    });
    const fetch = async (request: Request, server: Server<undefined>): Promise<Response> => {
      // HAProxy's checks are HTTP/1.0 without a Host: their URL may be a path.
      const { pathname, searchParams } = new URL(request.url, 'http://origin');
      if (pathname === '/health') return new Response('ok');
      if (pathname === '/restart') {
        weather = weatherOf(workload, Number(searchParams.get('seed')));
        return new Response('ok');
      }
      server.timeout(request, 0);
      await endpoint.served();
      return new Response(body);
    };
    Bun.serve({ hostname: '127.0.0.1', port, fetch });
  });
}

/** One line of requests before the places where they are served. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #serviceMs: () => number;
  /** Time that services took longer than they should have. */
  #owedMs = 0;

  constructor({ servers = 4 }: EndpointSpec, serviceMs: () => number) {
    this.#free = servers;
    this.#serviceMs = serviceMs;
  }

  /** Resolves when a request that came now is answered. */
  served(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#free > 0) {
        this.#free--;
        this.#begin(resolve);
      } else this.#waiting.push(() => this.#begin(resolve));
    });
  }

  #begin(resolve: () => void): void {
    const serviceMs = this.#serviceMs();
    const waitMs = Math.max(0, serviceMs - this.#owedMs);
    this.#owedMs -= serviceMs - waitMs;
    const endMs = performance.now() + waitMs;
    setTimeout(() => {
      this.#owedMs += performance.now() - endMs;
      resolve();
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }, waitMs);
  }
}

const [name, ports] = process.argv.slice(2);
const workload = workloads.find((each) => each.name === name);
if (workload === undefined || ports === undefined) throw new Error('workload, ports');
serve(workload, ports.split(',').map(Number));
