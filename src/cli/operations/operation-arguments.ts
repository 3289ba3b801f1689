import { readArguments, wrongUsage } from '../arguments.ts';
import type { CliIo } from '../io.ts';
import type { Options } from '../options.ts';
import { type AdminTarget, readTarget } from './admin-client.ts';

/** What every command has that asks a running program. */
export const adminOptions = {
  admin: {
    type: 'string',
    summary: 'where its admin server listens (default http://127.0.0.1:9900, or EQUIPOISE_ADMIN)',
  },
  token: {
    type: 'string',
    summary: "what the admin server wants to see; better in EQUIPOISE_TOKEN, where others don't read it",
  },
  json: { type: 'boolean', summary: 'print the result as JSON' },
} as const satisfies Options;

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export type OperationArguments =
  | {
      readonly kind: 'ok';
      readonly target: AdminTarget;
      readonly json: boolean;
      readonly values: Values;
      readonly words: readonly string[];
    }
  | { readonly kind: 'end'; readonly code: number };

/** Reads the command line of an operation; `adminOptions` are among its `options`. */
export function readOperation(argv: readonly string[], options: Options, usage: string, io: CliIo): OperationArguments {
  const parsed = readArguments(argv, options, usage, io);
  if (parsed.kind === 'end') return parsed;
  const values = parsed.values as Values;
  const target = targetOf(values['admin'], values['token'], io);
  if (typeof target === 'string') return { kind: 'end', code: wrongUsage(`--admin ${target}`, usage, io) };
  return { kind: 'ok', target, json: values['json'] === true, values, words: parsed.targets };
}

/** Whom to ask, by `--admin` and `--token` or the environment; a string says what is wrong. */
export function targetOf(admin: unknown, token: unknown, { env }: CliIo): AdminTarget | string {
  const text = typeof admin === 'string' ? admin : (env['EQUIPOISE_ADMIN'] ?? '');
  const secret = typeof token === 'string' ? token : env['EQUIPOISE_TOKEN'];
  return readTarget(text === '' ? 'http://127.0.0.1:9900' : text, secret);
}

/** A pool, or an endpoint of it. */
export interface Subject {
  readonly pool: string;
  /** May itself hold colons and slashes. */
  readonly endpoint?: string;
}

/** Reads `<pool>` or `<pool>/<endpoint>`; undefined where a part is empty. No pool has a slash in its name. */
export function readSubject(text: string): Subject | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return text === '' ? undefined : { pool: text };
  const [pool, endpoint] = [text.slice(0, slash), text.slice(slash + 1)];
  return pool === '' || endpoint === '' ? undefined : { pool, endpoint };
}

export const poolPath = (pool: string): string => `/api/v1/pools/${encodeURIComponent(pool)}`;

export const endpointPath = (pool: string, endpoint: string): string =>
  `${poolPath(pool)}/endpoints/${encodeURIComponent(endpoint)}`;
