import { request } from 'node:http';
import type { RunningServer } from '../../server/server.ts';
import { createEventBus } from '../../telemetry/events.ts';
import type { Admin, AdminDeps } from '../admin.ts';

export interface Reply {
  readonly status: number;
  readonly type: string | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they expect it
  readonly json: any;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** A text is sent as it is; anything else as JSON, with its content type. */
  readonly body?: unknown;
}

/** One request to an admin server, on a connection of its own. */
export function ask({ address }: Pick<Admin, 'address'>, path: string, question: Question = {}): Promise<Reply> {
  const { method = 'GET', body } = question;
  const isText = typeof body === 'string';
  const sent = body === undefined || isText ? body : JSON.stringify(body);
  const headers = { ...(body !== undefined && !isText && { 'content-type': 'application/json' }), ...question.headers };
  const place = address.kind === 'unix' ? { socketPath: address.path } : { host: '127.0.0.1', port: address.port };
  return new Promise((resolve, reject) => {
    const asked = request({ ...place, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (data: string) => (text += data));
      response.on('end', () => {
        const type = response.headers['content-type'];
        resolve({ status: response.statusCode!, type, headers: response.headers, text, json: parse(text) });
      });
    });
    asked.on('error', reject);
    asked.end(sent);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function adminDeps(server: () => RunningServer | undefined, other: Partial<AdminDeps> = {}): AdminDeps {
  return {
    server,
    build: { version: '1.2.3', runtime: 'test', transport: 'bun' },
    events: server()?.events ?? createEventBus(),
    now: () => performance.now(),
    wallClock: () => 0,
    configFile: '/etc/equipoise/lb.yaml',
    env: {},
    ...other,
  };
}
