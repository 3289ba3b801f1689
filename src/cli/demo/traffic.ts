import { Agent, request } from 'node:http';
import { Histogram } from '../../telemetry/histogram.ts';
import type { SocketAddress } from '../../transport/transport.ts';

export interface Traffic {
  /** Answers of any kind, and requests that got none. */
  readonly ended: number;
  /** No answer, or a status of 500 and above. */
  readonly errors: number;
  /** From the time at which a request was due to the end of its answer; since `startSecond`. */
  readonly recent: Histogram;
  readonly all: Histogram;
  startSecond(): void;
  /** Sends no more; resolves when every request has ended. */
  stop(): Promise<void>;
}

export interface TrafficOptions {
  readonly address: SocketAddress;
  /** Requests a second, sent whether or not earlier ones have ended. */
  readonly rate: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Enough to hide no slowness, few enough to end: a balancer that hangs must not exhaust the machine. */
const OPEN_AT_MOST = 1000;
const TIMEOUT_MS = 10_000;

export function startTraffic({ address, rate, now }: TrafficOptions): Traffic {
  const agent = new Agent({ keepAlive: true });
  const target = address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port };
  const recent = new Histogram();
  const all = new Histogram();
  const startedAt = now();
  let sent = 0;
  let ended = 0;
  let errors = 0;
  let onIdle: (() => void) | undefined;

  function finish(due: number, ok: boolean): void {
    ended++;
    if (!ok) errors++;
    recent.record(now() - due);
    all.record(now() - due);
    if (ended === sent) onIdle?.();
  }

  function send(due: number): void {
    let open = true;
    const end = (ok: boolean) => {
      if (open) finish(due, ok);
      open = false;
    };
    const path = `/demo/${sent++}`;
    const sending = request({ agent, ...target, path }, (response) => {
      response.on('end', () => end(response.statusCode! < 500)).on('close', () => end(false));
      response.resume();
    });
    sending.setTimeout(TIMEOUT_MS, () => sending.destroy());
    sending.on('error', () => end(false));
    sending.end();
  }

  const dueAt = () => startedAt + (sent * 1000) / rate;

  function sendDue(): void {
    while (dueAt() <= now() && sent - ended < OPEN_AT_MOST) send(dueAt());
    timer = setTimeout(sendDue, Math.max(1, dueAt() - now()));
  }

  let timer = rate > 0 ? setTimeout(sendDue, 1000 / rate) : undefined;

  return {
    get ended() {
      return ended;
    },
    get errors() {
      return errors;
    },
    recent,
    all,
    startSecond: () => recent.clear(),
    async stop() {
      clearTimeout(timer);
      if (ended < sent) await new Promise<void>((resolve) => (onIdle = resolve));
      agent.destroy();
    },
  };
}
