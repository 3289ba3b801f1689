/**
 * `ops/kubernetes.yaml`: held against the schemas and types of Kubernetes' own API, and what it says twice agrees. The
 * configuration in it runs, asked as a kubelet asks. No cluster runs here: what its controllers make of it is not tried.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Deployment as AnyDeployment, Deployment } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { adminAt } from './harness/admin.ts';
import { runProgram, startProgram } from './harness/program.ts';
import { freePort, within } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { untilReady } from './scenarios/workers-world.ts';

const ROOT = resolve(import.meta.dirname, '..');
const LAUNCHER = join(ROOT, 'bin/equipoise.mjs');
const TOKEN = 'a-token';
const env = { PATH: process.env['PATH'] ?? '', EQUIPOISE_TOKEN: TOKEN };

const models = { ConfigMap, Deployment, PodDisruptionBudget, Service };
type Kind = keyof typeof models;
const objects = parseAllDocuments(readFileSync(join(ROOT, 'ops/kubernetes.yaml'), 'utf8')).map(
  (each) => each.toJS() as { apiVersion: string; kind: Kind },
);
function only<T>(kind: Kind): T {
  const [object, another] = objects.filter((each) => each.kind === kind);
  if (object === undefined || another !== undefined) throw new Error(`one ${kind} is wanted`);
  return object as T;
}

const deployment = only<AnyDeployment>('Deployment').spec!;
const pod = deployment.template.spec!;
const container = pod.containers[0]!;
const { data } = only<ConfigMap>('ConfigMap');
const text = data!['equipoise.yaml']!;
const configuration = parse(text) as {
  workers: number;
  drainTimeout: string;
  admin: { bind: string; token: string };
  listeners: Record<string, { bind: string }>;
};
const seconds = (written: string): number => Number(/^(\d+)s$/.exec(written)![1]);
const portOf = (bind: string): number => Number(bind.slice(bind.lastIndexOf(':') + 1));

const folder = mkdtempSync(join(tmpdir(), 'equipoise-kubernetes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('Kubernetes takes it', () => {
  test('there are four objects', () => expect(objects.map(({ kind }) => kind).sort()).toEqual(Object.keys(models)));

  test.each(objects)('$kind by its schema', (object) => {
    new models[object.kind](object as never).validate();
    expect(() => new models[object.kind]({ ...object, metadata: { name: 7 } } as never).validate()).toThrow();
  });

  test('every key is one that it knows', () => {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
    expect(typeErrors(objects)).toBe('');
    const mistyped = JSON.parse(JSON.stringify(objects).replace('"failureThreshold"', '"failureTreshold"'));
    expect(typeErrors(mistyped)).toContain('failureTreshold');
  });
});

describe('what it says twice agrees', () => {
  const ports = new Map(container.ports!.map(({ name, containerPort }) => [name, containerPort]));

  test('ports of the container and of the configuration', () => {
    const bound = Object.entries(configuration.listeners).map(([name, { bind }]) => [name, portOf(bind)] as const);
    expect(ports).toEqual(new Map([...bound, ['admin', portOf(configuration.admin.bind)]]));
    // A pod's user may bind no others.
    for (const port of ports.values()) expect(port).toBeGreaterThanOrEqual(1024);
  });

  test('ports that are asked and led to', () => {
    const named = [container.readinessProbe!.httpGet!.port, container.livenessProbe!.httpGet!.port];
    const led = only<Service>('Service').spec!.ports!.map(({ targetPort }) => targetPort);
    for (const name of [...named, ...led]) expect([...ports.keys()]).toContain(name as string);
  });

  test('names: labels, the configuration, the secret', () => {
    const { labels } = deployment.template.metadata!;
    expect(deployment.selector.matchLabels).toEqual(labels);
    expect(only<Service>('Service').spec!.selector).toEqual(labels);
    expect(only<PodDisruptionBudget>('PodDisruptionBudget').spec!.selector!.matchLabels).toEqual(labels);
    const [volume] = pod.volumes!;
    expect(volume!.configMap!.name).toBe(only<ConfigMap>('ConfigMap').metadata!.name!);
    const { name, mountPath } = container.volumeMounts![0]!;
    expect(name).toBe(volume!.name);
    expect(container.args).toEqual(['run', `${mountPath}/${Object.keys(data!)[0]}`]);
    expect(configuration.admin.token).toBe(`$\{${container.env![0]!.name}}`);
  });

  test('times: a pod is not killed before it has drained', () => {
    const waits = container.lifecycle!.preStop!.sleep!.seconds;
    const grace = pod.terminationGracePeriodSeconds!;
    expect(grace).toBeGreaterThanOrEqual(waits + seconds(configuration.drainTimeout) + 5);
    // Unready for so long, it gets nothing new: that is to be over before it stops listening.
    const { periodSeconds, failureThreshold } = container.readinessProbe!;
    expect(waits).toBeGreaterThanOrEqual(periodSeconds! * failureThreshold!);
  });

  test('numbers: workers, replicas', () => {
    expect(`${container.resources!.limits!['cpu']}`).toBe(`${configuration.workers}`);
    const { minAvailable } = only<PodDisruptionBudget>('PodDisruptionBudget').spec!;
    expect(deployment.replicas).toBeGreaterThan(Number(minAvailable));
    expect(deployment.strategy!.rollingUpdate!.maxUnavailable).toBe(0);
  });
});

describe.skipIf(!transports.includes('bun'))('its configuration', () => {
  const keep = cleanUp();

  test('passes the check', async () => {
    const file = join(folder, 'equipoise.yaml');
    writeFileSync(file, text);
    const { code, output } = await runProgram('node', [LAUNCHER, 'check', file], { cwd: folder, env });
    expect(output).toBe(`${file}: ok, 1 listener, 1 pool, 2 endpoints\n`);
    expect(code).toBe(0);
  });

  test('runs, and answers a kubelet, who has no token, but tells others nothing', async () => {
    const [web, admin] = [await freePort(), await freePort()];
    const { bind } = configuration.listeners['web']!;
    const local = text.replace(bind, `127.0.0.1:${web}`).replace(configuration.admin.bind, `127.0.0.1:${admin}`);
    const file = join(folder, 'local.yaml');
    writeFileSync(file, local);
    const program = startProgram('node', [LAUNCHER, 'run', file], { cwd: folder, env });
    keep(program);
    await program.says(/^listening admin /m);
    const asked = { live: container.livenessProbe!.httpGet!.path!, ready: container.readinessProbe!.httpGet!.path! };
    await untilReady(adminAt(admin), 200);
    expect(await ask(admin, asked.ready)).toBe(200);
    expect(await ask(admin, asked.live)).toBe(200);
    expect(await ask(admin, '/metrics')).toBe(401);
    expect(await ask(admin, '/metrics', TOKEN)).toBe(200);
    program.signal('SIGTERM');
    expect(await within('the end', program.ended)).toEqual({ code: 0, signal: null });
  }, 120_000);
});

/** The compiler's opinion of them, each as a literal of its type: a key that the type does not have is an error. */
function typeErrors(given: readonly { kind: Kind }[]): string {
  const file = join(folder, 'manifest.ts');
  const imports = `import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IConfigMap, IService } from 'kubernetes-models/v1';
`;
  const literals = given.map((each, i) => `export const o${i}: I${each.kind} = ${JSON.stringify(each, null, 1)};\n`);
  writeFileSync(file, imports + literals.join(''));
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'NodeNext', '--types', ''];
  const words = [join(ROOT, 'node_modules/typescript/bin/tsc'), ...flags, file];
  return spawnSync('node', words, { cwd: folder, encoding: 'utf8' }).stdout;
}

/** As a kubelet asks: by the pod's address. The status of the answer. */
function ask(port: number, path: string, token?: string): Promise<number> {
  const headers = { host: '10.1.2.3:9900', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  return new Promise((done, fail) => {
    const asked = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume();
      done(response.statusCode!);
    });
    asked.on('error', fail);
    asked.end();
  });
}
