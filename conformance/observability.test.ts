import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { freePort, sleep, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { askInTurn, startWorkers } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
const PROGRAM = resolve(import.meta.dirname, '../bin/equipoise.mjs');
const folder = mkdtempSync(join(tmpdir(), 'observability-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const missing = ['promtool', 'prometheus'].filter((name) => spawnSync(name, ['--version']).status !== 0);
const isSkipped = missing.length > 0 && process.env.CI !== 'true';

// Node's transport serves with one.
describe.skipIf(!transports.includes('bun'))('two workers, seen from outside', () => {
  const keep = cleanUp();

  async function world(program: object = {}) {
    const started = await startWorkers({ workers: 2, endpoints: [{}, {}, {}], program }, keep);
    const metrics = async () => (await fetch(`http://127.0.0.1:${started.adminPort}/metrics`)).text();
    return { ...started, metrics };
  }

  test(
    `${isSkipped ? `skipped: ${missing.join(', ')} not installed; ` : ''}Prometheus scrapes it, promtool has nothing to say`,
    async () => {
      if (isSkipped) return;
      const { adminPort, clients, metrics } = await world();
      await askInTurn(await clients(16), 90);
      const page = await metrics();
      const checked = spawnSync('promtool', ['check', 'metrics'], { input: page, encoding: 'utf8' });
      expect([checked.status, checked.stdout + checked.stderr]).toEqual([0, '']);
      const [config, port] = [join(folder, 'prometheus.yml'), await freePort()];
      const job = { job_name: 'equipoise', static_configs: [{ targets: [`127.0.0.1:${adminPort}`] }] };
      writeFileSync(config, JSON.stringify({ global: { scrape_interval: '500ms' }, scrape_configs: [job] }));
      const words = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`];
      const prometheus = spawn('prometheus', [...words, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
      const ended = new Promise((done) => prometheus.once('exit', done));
      keep({
        close: () => {
          prometheus.kill('SIGKILL');
          return ended;
        },
      });
      const ask = async (query: string): Promise<string | undefined> => {
        const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
        const answer = await fetch(url).then(
          (reply) => reply.json() as Promise<{ data: { result: { value: string[] }[] } }>,
        );
        return answer.data.result[0]?.value[1];
      };
      const deadline = performance.now() + 20_000;
      while ((await ask('sum(equipoise_requests_total{code="200"})').catch(() => undefined)) !== '90') {
        if (performance.now() > deadline) throw new Error('Prometheus does not know of 90 requests in 20 s');
        await sleep(200);
      }
      expect(await ask('up')).toBe('1');
      expect(await ask('sum(equipoise_workers)')).toBe('2');
    },
    TIMEOUT_MS,
  );

  test(
    'explain asks one worker and says which; the command says the same',
    async () => {
      const { adminPort, port } = await world();
      const url = `http://127.0.0.1:${port}/x?y=1`;
      const reply = await fetch(`http://127.0.0.1:${adminPort}/api/v1/explain`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ method: 'GET', url, from: '10.9.8.7' }),
      });
      const explained = (await reply.json()) as { pick: { endpoint: string } };
      expect(explained).toMatchObject({ listener: 'web', worker: 0, clientIp: '10.9.8.7', route: 0, pool: 'main' });
      const words = ['explain', '--admin', `${adminPort}`, `GET ${url}`, '--from', '10.9.8.7'];
      const { stdout } = await promisify(execFile)('node', [PROGRAM, ...words]);
      expect(stdout).toContain(`pick     ${explained.pick.endpoint}\n`);
      const refused = await fetch(`http://127.0.0.1:${adminPort}/api/v1/explain`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: 'nowhere', headers: { 'a b': 'c' } }),
      });
      expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    },
    TIMEOUT_MS,
  );

  test(
    'each request is one whole line of the access log, whoever served it; SIGUSR2 begins a new file',
    async () => {
      const path = join(folder, 'access.log');
      const { balancer, clients, metrics } = await world({ accessLog: { path } });
      const linesOf = (file: string) => readFileSync(file, 'utf8').trim().split('\n');
      const many = await clients(16);
      await askInTurn(many, 400);
      await until('400 lines', () => linesOf(path).length === 400);
      const records = linesOf(path).map((line) => JSON.parse(line) as { status: number; endpoint: string });
      expect(records.every(({ status, endpoint }) => status === 200 && /^e[0-2]$/.test(endpoint))).toBe(true);
      renameSync(path, `${path}.1`);
      balancer.signal('SIGUSR2');
      await until('a new file', () => spawnSync('test', ['-e', path]).status === 0);
      await askInTurn(many, 50);
      await until('all lines', () => linesOf(`${path}.1`).length + linesOf(path).length === 450);
      expect(await metrics()).toContain('equipoise_access_log_dropped_total 0');
      await balancer.stop();
    },
    TIMEOUT_MS,
  );
});
