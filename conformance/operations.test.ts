import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { answerOk, type Exchange, type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { type Balancer, startBalancer, type TransportName } from './harness/balancer.ts';
import { get, ok, rawClient } from './harness/client.ts';
import { freePort, sleep, until, within } from './harness/sockets.ts';
import { eachTransport } from './harness/suite.ts';

const PROGRAM = resolve(import.meta.dirname, '../bin/equipoise.mjs');

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: each scenario knows what it asked for
  readonly json: any;
}

/** Everything here goes through the admin address or the command line, on a balancer with two workers where there can be. */
eachTransport('operations', (transport, scenario) => {
  let backends: RecordingBackend[];
  let held: Exchange[];
  let balancer: Balancer;
  let port: number;
  let adminPort: number;
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'operations-'));
    backends = await Promise.all([recordingBackend(), recordingBackend(), recordingBackend()]);
    held = [];
    for (const backend of backends) {
      backend.onRequest = (exchange) => {
        if (exchange.request.start[1] === '/held') held.push(exchange);
        else answerOk(exchange);
      };
    }
    [port, adminPort] = [await freePort(), await freePort()];
    balancer = await start();
  }, 120_000);
  afterEach(async () => {
    await balancer.stop();
    for (const backend of backends) await backend.close();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  /** The ports are open before every worker serves. */
  async function start(): Promise<Balancer> {
    const started = await startBalancer(config(), transport, [port, adminPort]);
    while ((await ask(adminPort, 'GET', '/readyz')).status !== 200) await sleep(20);
    return started;
  }

  function config(listeners: object = {}) {
    const [a, b] = backends.map((each) => each.address);
    return {
      ...{ version: 1, workers: 2, drainTimeout: 3000, stateFile: join(folder, 'state.json') },
      admin: { bind: `127.0.0.1:${adminPort}` },
      listeners: { web: { bind: `127.0.0.1:${port}`, protocol: 'http', routes: [{ pool: 'main' }] }, ...listeners },
      pools: {
        main: {
          policy: 'round-robin',
          endpoints: [
            { id: 'a', address: a },
            { id: 'b', address: b },
          ],
        },
      },
    };
  }

  const call = (method: string, path: string, body?: unknown) => ask(adminPort, method, `/api/v1/${path}`, body);
  const equipoise = (...args: string[]) => runProgram(transport, args, adminPort);

  /** How many of 20 requests, each on a connection of its own, every backend got. */
  async function spread(): Promise<number[]> {
    const before = backends.map((each) => each.requests.length);
    for (let i = 0; i < 20; i++) expect((await ask(port, 'GET', '/')).status).toBe(200);
    return backends.map((each, index) => each.requests.length - before[index]!);
  }

  async function hold(): Promise<{ readonly exchange: Exchange; readonly answered: Promise<string> }> {
    const client = await rawClient(port);
    await client.send(get('/held'));
    await until('the request is held', () => held.length > 0);
    const answered = client.response(0).then((response) => response.body.toString());
    return { exchange: held.shift()!, answered };
  }

  /** Which backend holds a request. */
  const holder = (): number => backends.findIndex((each) => each.heads.some((head) => head.start[1] === '/held'));

  scenario('drain --watch lets what is under way finish, and ends then', async () => {
    const { exchange, answered } = await hold();
    const [id, index] = holder() === 0 ? (['a', 0] as const) : (['b', 1] as const);
    const drained = equipoise('drain', `main/${id}`, '--watch');
    await until('it is draining', () => drained.output().includes('1 in flight'));
    expect((await spread())[index], 'requests to the one that drains').toBe(0);
    const late = await equipoise('drain', `main/${id}`, '--watch', '--max', '300ms').ended;
    expect([late.code, late.output]).toEqual([1, expect.stringContaining('1 still in flight after 300ms')]);
    await exchange.write(ok('finished'));
    expect(await answered).toBe('finished');
    const { code, output } = await within('its end', drained.ended);
    expect([code, output]).toEqual([0, expect.stringMatching(/is drained after \d+\.\d s\n$/)]);
    expect((await equipoise('ready', `main/${id}`).ended).output).toBe(`main/${id} is ready\n`);
    expect(await spread()).toEqual([10, 10, 0]);
  });

  scenario('endpoints come and go; what is under way in one that goes finishes', async () => {
    const added = await call('POST', 'pools/main/endpoints', { id: 'c', address: backends[2]!.address });
    expect(added.status).toBe(201);
    const counts = await spread();
    expect(Math.min(...counts), `${counts}`).toBeGreaterThanOrEqual(6);
    const { exchange, answered } = await hold();
    const id = ['a', 'b', 'c'][holder()]!;
    expect((await call('DELETE', `pools/main/endpoints/${id}`)).json).toEqual({ pool: 'main', id, inFlight: 1 });
    expect((await spread())[holder()]).toBe(0);
    await exchange.write(ok('finished'));
    expect(await answered).toBe('finished');
  });

  scenario('a mode and a weight survive SIGKILL, and the change of the file beats them', async () => {
    expect((await call('PATCH', 'pools/main/endpoints/a', { mode: 'maintenance' })).status).toBe(200);
    expect((await call('PATCH', 'pools/main/endpoints/b', { weight: 7 })).status).toBe(200);
    const file = join(folder, 'state.json');
    await until('it is written', () => readOrNothing(file).includes('"value": 7'));
    // The launcher too, which would start it again.
    process.kill(-balancer.pid, 'SIGKILL');
    await balancer.stop();
    // Its sockets go a moment after the process that was waited for.
    for (const each of [port, adminPort]) await untilRefused(each);
    balancer = await start();
    const { json } = await call('GET', 'pools/main');
    expect(json.endpoints.map(modeAndWeight)).toEqual(['a maintenance 1', 'b ready 7']);
    expect(await spread()).toEqual([0, 20, 0]);
    const next = config();
    Object.assign(next.pools.main.endpoints[1]!, { weight: 3 });
    expect((await call('PUT', 'config', next)).json).toMatchObject({
      changes: ['pool main: changed'],
      needsRestart: [],
    });
    expect((await call('GET', 'pools/main')).json.endpoints.map(modeAndWeight)).toEqual([
      'a maintenance 1',
      'b ready 3',
    ]);
  });

  scenario('a state file that is garbage is said, and put aside', async () => {
    await balancer.stop();
    writeFileSync(join(folder, 'state.json'), '\0garbage');
    balancer = await start();
    expect(balancer.output()).toContain('is not a state of equipoise');
    expect(await spread()).toEqual([10, 10, 0]);
    expect((await call('PATCH', 'pools/main/endpoints/a', { weight: 2 })).status).toBe(200);
    await until('it is put aside', () => readOrNothing(join(folder, 'state.json.unreadable')) === '\0garbage');
  });

  scenario('a configuration that cannot be served changes nothing and says why', async () => {
    const wrong = await call('PUT', 'config', { ...config(), pools: { main: { polcy: 'p2c', endpoints: [] } } });
    await until('it is told', () => balancer.output().includes('the configuration was not changed: it has mistakes'));
    expect(wrong.status).toBe(400);
    expect(wrong.json.problems[0]).toMatchObject({ path: 'pools.main.polcy', fix: 'did you mean "policy"?' });
    const web2 = { bind: backends[0]!.address, protocol: 'http', routes: [{ pool: 'main' }] };
    const taken = await call('PUT', 'config', config({ web2 }));
    expect([taken.status, taken.json.detail]).toEqual([409, expect.stringContaining('in use')]);
    expect(await spread()).toEqual([10, 10, 0]);
    expect((await call('GET', 'config')).json.listeners).not.toHaveProperty('web2');
  });

  scenario('hostile requests to the admin address cost the traffic nothing', async () => {
    const huge = 'x'.repeat(3 * 1024 * 1024);
    const refused = [
      [await ask(adminPort, 'PUT', '/api/v1/config', huge, 'application/yaml'), 413],
      [await ask(adminPort, 'PUT', '/api/v1/config', '['.repeat(900_000), 'application/json'), 400],
      [await ask(adminPort, 'PATCH', '/api/v1/pools/main/endpoints/a', '{"mode":"draining"}', 'text/plain'), 415],
      [await ask(adminPort, 'PATCH', '/api/v1/pools/main/endpoints/a', '{"__proto__":{"mode":"draining"}}'), 400],
      [await ask(adminPort, 'PATCH', '/api/v1/pools/__proto__/endpoints/a', '{"mode":"draining"}'), 404],
      [await ask(adminPort, 'GET', '/api/v1/pools/..%2f..%2fetc%2fpasswd'), 404],
      [await ask(adminPort, 'GET', '/api/v1/pools/%ff'), 400],
      [await ask(adminPort, 'OPTIONS', '/api/v1/pools'), 405],
    ] as const;
    expect(refused.map(([reply]) => reply.status)).toEqual(refused.map(([, status]) => status));
    const abandoned = connect(adminPort, '127.0.0.1');
    abandoned.on('error', () => {});
    abandoned.write(
      'PUT /api/v1/config HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/yaml\r\nContent-Length: 99\r\n\r\nx',
      () => abandoned.destroy(),
    );
    expect(await spread()).toEqual([10, 10, 0]);
    expect(balancer.output()).not.toMatch(/exception|Error/);
  });

  scenario('events arrive as they happen, and again for who comes back', async () => {
    const first = await readEvents(adminPort);
    await call('PATCH', 'pools/main/endpoints/a', { mode: 'draining' });
    await until('the event', () => first.text().includes('"kind":"audit"'));
    const id = /^id: (\S+)\ndata: .*"to":"draining"/m.exec(first.text())![1]!;
    first.close();
    await call('PATCH', 'pools/main/endpoints/a', { mode: 'ready' });
    const second = await readEvents(adminPort, id);
    await until('what was missed', () => second.text().includes('"to":"ready"'));
    expect(second.text()).not.toContain('"to":"draining"');
    second.close();
  });
});

const modeAndWeight = ({ id, mode, weight }: { id: string; mode: string; weight: { effective: number } }) =>
  `${id} ${mode} ${weight.effective}`;

async function untilRefused(port: number): Promise<void> {
  while (
    await ask(port, 'GET', '/').then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ECONNREFUSED',
    )
  ) {
    await sleep(20);
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function ask(port: number, method: string, path: string, body?: unknown, type = 'application/json'): Promise<Reply> {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const headers = sent === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(sent) };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () =>
        resolve({ status: response.statusCode!, json: text.startsWith('{') ? JSON.parse(text) : text }),
      );
    });
    asked.on('error', reject);
    asked.end(sent);
  });
}

function readEvents(port: number, lastId?: string): Promise<{ text: () => string; close(): void }> {
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/api/v1/events', headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('error', () => {});
      resolve({ text: () => text, close: () => void asked.destroy() });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A command as a user types it. */
function runProgram(transport: TransportName, args: string[], adminPort: number) {
  const env = { ...process.env, EQUIPOISE_RUNTIME: transport, EQUIPOISE_ADMIN: `http://127.0.0.1:${adminPort}` };
  const child = spawn('node', [PROGRAM, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
  return { output: () => output, ended };
}
