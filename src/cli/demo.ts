import { randomInt } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { type ConfigResult, configFromValue } from '../config/load.ts';
import { duration } from '../config/scalars.ts';
import { createRng } from '../core/kernel/rng.ts';
import { formatSocketAddress, parseSocketAddress } from '../transport/address.ts';
import { readAdmin } from './admin-option.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { type Backend, HEALTH_PATH, startBackends } from './demo/backends.ts';
import { createNews } from './demo/news.ts';
import { createScoreboard } from './demo/scoreboard.ts';
import { createScreen } from './demo/screen.ts';
import { createStory, type Story } from './demo/story.ts';
import { startTraffic } from './demo/traffic.ts';
import { renderFrame, renderSummary } from './demo/view.ts';
import { surviveExceptions } from './exceptions.ts';
import { type CliIo, exitCodes } from './io.ts';
import { type Options, policyTypes, usageText } from './options.ts';
import { printProblems } from './problems.ts';
import { type Serving, startServing } from './serving.ts';
import { type StopSignals, watchSignals } from './signals.ts';
import { createSystem } from './system.ts';

const DEFAULT_LISTEN = '127.0.0.1:8080';
const DEFAULT_ADMIN = '127.0.0.1:9900';

export const demoOptions = {
  policy: { type: 'string', values: policyTypes, summary: 'how an endpoint is picked (default adaptive)' },
  rate: {
    type: 'string',
    default: '200',
    summary: 'requests a second that the demo makes itself, 0 to 5000 (default 200)',
  },
  duration: { type: 'string', summary: 'ends by itself after this time; without it Ctrl-C ends it' },
  listen: { type: 'string', summary: 'address to accept on; default 8080, or a free port where that is taken' },
  admin: {
    type: 'string',
    summary:
      'address of the dashboard and the admin API, on this machine only; default 9900, or a free port where that is taken',
  },
} as const satisfies Options;

const demoUsage = usageText(
  `usage: equipoise demo [--policy p2c] [--rate 200] [--duration 10s] [--listen 8080] [--admin 9900]

Starts four backends of different speed, two of which get into trouble again and again, balances traffic between them and
shows what happens. Everything is real: sockets, health checks, ejection, retries.`,
  demoOptions,
);

interface DemoOptions {
  readonly config: (backends: readonly Backend[]) => ConfigResult;
  /** What was left to us: another port where the default is taken. */
  readonly isDefault: { readonly listen: boolean; readonly admin: boolean };
  readonly rate: number;
  readonly durationMs: number | undefined;
}

/** `equipoise demo`: 0 ended by Ctrl-C or after its duration, 1 it could not start, 2 wrong usage. */
export async function demo(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, demoOptions, demoUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { values, targets } = parsed;
  if (targets.length > 0) return wrongUsage(`demo: unexpected ${targets[0]}`, demoUsage, io);
  const read = readOptions(values);
  return typeof read === 'string' ? wrongUsage(`demo: ${read}`, demoUsage, io) : play(read, io);
}

interface DemoFlags {
  readonly policy?: string | undefined;
  readonly rate: string;
  readonly duration?: string | undefined;
  readonly listen?: string | undefined;
  readonly admin?: string | undefined;
}

/** A string says what is wrong. */
function readOptions(flags: DemoFlags): DemoOptions | string {
  const rate = Number(flags.rate);
  if (!Number.isInteger(rate) || rate < 0 || rate > 5000) return `--rate "${flags.rate}" is no number from 0 to 5000`;
  const time = flags.duration === undefined ? undefined : duration().safeParse(flags.duration);
  if (time?.success === false) return `--duration "${flags.duration}" is no duration; write 10s or 1m`;
  const admin = readAdmin(flags.admin ?? DEFAULT_ADMIN);
  if (typeof admin === 'string') return `--admin ${admin}`;
  const listen = flags.listen === undefined ? undefined : parseSocketAddress(flags.listen);
  if (listen?.ok === false) return `--listen ${listen.problem}`;
  return {
    rate,
    durationMs: time?.data,
    isDefault: { listen: flags.listen === undefined, admin: flags.admin === undefined },
    config: (backends) => {
      const bind = listen === undefined ? DEFAULT_LISTEN : formatSocketAddress(listen.address);
      return demoConfig(backends, bind, flags.policy, admin && formatSocketAddress(admin.bind));
    },
  };
}

function demoConfig(backends: readonly Backend[], bind: string, policy?: string, admin?: string): ConfigResult {
  const value = {
    drainTimeout: '2s',
    ...(admin !== undefined && { admin: { bind: admin } }),
    listeners: { web: { bind, protocol: 'http', routes: [{ pool: 'main' }] } },
    pools: {
      main: {
        ...(policy !== undefined && { policy }),
        endpoints: backends.map(({ id, port }) => ({ id, address: `127.0.0.1:${port}` })),
        health: { type: 'http', path: HEALTH_PATH, interval: '500ms', timeout: '400ms', rise: 2, fall: 2 },
        outliers: { consecutiveFailures: 3, baseEjection: '3s', maxEjection: '3s' },
        retries: { attempts: 1, statuses: [500] },
        servedBy: true,
      },
    },
  };
  return configFromValue(value, { file: 'demo', env: {} });
}

async function play(options: DemoOptions, io: CliIo): Promise<number> {
  const now = () => performance.now();
  const story = createStory(now);
  const backends = await startBackends({ rng: createRng(randomInt(2 ** 32)), story });
  const signals = watchSignals(process, now, () => {});
  try {
    const serving = await start(options, backends, io);
    if (serving === undefined) return exitCodes.failed;
    await perform(serving, options, story, signals, io);
    return exitCodes.done;
  } finally {
    signals.close();
    story.end();
    for (const backend of backends) backend.close();
  }
}

/** Undefined when it could not start, which was said. */
async function start({ config, isDefault }: DemoOptions, backends: readonly Backend[], io: CliIo) {
  const result = config(backends);
  if (!result.ok) {
    printProblems(result.problems, io);
    return undefined;
  }
  const taken = { listen: false, admin: false };
  for (;;) {
    try {
      return await startServing(withFreePorts(result.config, taken), createSystem());
    } catch (error) {
      const what = (error as Error).message.startsWith('admin:') ? 'admin' : 'listen';
      if (!isDefault[what] || taken[what]) throw error;
      taken[what] = true;
    }
  }
}

const FREE = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

function withFreePorts(config: Config, taken: { readonly listen: boolean; readonly admin: boolean }): Config {
  const web = config.listeners['web']!;
  return {
    ...config,
    ...(taken.listen && { listeners: { web: { ...web, bind: [FREE] } } }),
    ...(taken.admin && { admin: { bind: FREE } }),
  };
}

/** Until Ctrl-C or the end of the duration. */
async function perform(
  { server, admin, close }: Serving,
  options: DemoOptions,
  story: Story,
  signals: StopSignals,
  io: CliIo,
) {
  const now = () => performance.now();
  const startedAt = now();
  const { address } = server.listeners[0]!;
  const url = `http://${formatSocketAddress(address)}`;
  const adminUrl = admin && `http://${formatSocketAddress(admin.address)}`;
  const inPlace = process.stdout.isTTY === true;
  io.stdout(`${openingLines(url, adminUrl)}\n`);
  const traffic = startTraffic({ address, rate: options.rate, now });
  const news = createNews(server.events, () => now() - startedAt);
  story.begin(news.tell);
  const scoreboard = createScoreboard({ server, traffic, news, listener: 'web', pool: 'main', url, adminUrl, now });
  const stopSurviving = surviveExceptions((_, message) => io.stderr(`${message}\n`));
  const screen = createScreen(io.stdout, inPlace);
  const show = async () => screen.draw(renderFrame(await scoreboard.next(), inPlace && io.color));
  if (inPlace) await show();
  const timer = setInterval(() => void show(), 1000);
  await endOf(options.durationMs, signals.stop);
  clearInterval(timer);
  await Promise.race([traffic.stop(), signals.force]);
  if (inPlace) await show();
  screen.close();
  const { all } = traffic;
  io.stdout(`${renderSummary(await scoreboard.next(), { p50Ms: all.quantile(0.5), p99Ms: all.quantile(0.99) })}\n`);
  await Promise.race([server.drain(), signals.force]);
  await close();
  stopSurviving();
}

/** Where to look comes first; then what is not where people expect it. */
function openingLines(url: string, adminUrl: string | undefined): string {
  const isElsewhere = url !== `http://${DEFAULT_LISTEN}`;
  return [`dashboard: ${adminUrl}/`, ...(isElsewhere ? [`balancing on ${url}`] : []), ''].join('\n');
}

function endOf(durationMs: number | undefined, stop: Promise<void>): Promise<void> {
  if (durationMs === undefined) return stop;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    void stop.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
