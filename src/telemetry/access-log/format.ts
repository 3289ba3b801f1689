import type { AccessRecord } from './record.ts';

export type AccessFormat = 'json' | 'common' | 'haproxy';

/** Writes a record as one line, its end included. */
export type LineWriter = (record: AccessRecord) => string;

/** Longer texts end in `…`, so that a line stays within what one write keeps whole on a pipe. */
const MOST_CHARACTERS = 512;

/** `headers`: the names of what records bring as `headers`. */
export function createLineWriter(format: AccessFormat, headers: readonly string[]): LineWriter {
  if (format === 'json') return jsonWriter(headers);
  return format === 'common' ? commonWriter(headers) : haproxyLine;
}

const THOUSAND = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'));

/** Milliseconds with three decimals; formatting a double costs more than the rest of a line. */
function millis(ms: number): string {
  const us = Math.round(ms * 1000);
  const whole = Math.floor(us / 1000);
  return `${whole}.${THOUSAND[us - whole * 1000]}`;
}

/** Makes the text of a moment anew once a second. */
function secondsCache(format: (date: Date) => string): (second: number) => string {
  let known = -1;
  let text = '';
  return (second) => {
    if (second !== known) {
      text = format(new Date(second * 1000));
      known = second;
    }
    return text;
  };
}

const isoSecond = secondsCache((date) => date.toISOString().slice(0, 20));

function isoTime(ms: number): string {
  const whole = Math.floor(ms);
  const second = Math.floor(whole / 1000);
  return `${isoSecond(second)}${THOUSAND[whole - second * 1000]}Z`;
}

const shortened = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not stand in a line
const SPECIAL = /["\\\u0000-\u001f\u007f]/;

function jsonText(text: string): string {
  const short = shortened(text);
  return SPECIAL.test(short) ? JSON.stringify(short).replaceAll('\u007f', '\\u007f') : `"${short}"`;
}

/** What comes again and again, routes and endpoints for one, is escaped once; beyond so many texts anew each time. */
const MOST_KNOWN = 10_000;

function fragments(key: string): (text: string) => string {
  const known = new Map<string, string>([['', '']]);
  return (text) => {
    const fragment = known.get(text);
    if (fragment !== undefined) return fragment;
    const made = `,"${key}":${jsonText(text)}`;
    if (known.size < MOST_KNOWN) known.set(text, made);
    return made;
  };
}

/** What is empty is left out. */
function jsonWriter(headers: readonly string[]): LineWriter {
  const keys = headers.map((name) => `,${JSON.stringify(name)}:`);
  const [listener, route, method] = [fragments('listener'), fragments('route'), fragments('method')];
  const [host, pool, endpoint] = [fragments('host'), fragments('pool'), fragments('endpoint')];
  const optional = (key: string, text: string) => (text === '' ? '' : `,"${key}":${jsonText(text)}`);
  return (record) => {
    const { path, query, requestId, firstByteMs } = record;
    const place = `${method(record.method)}${host(record.host)}${optional('path', path)}${optional('query', query)}`;
    const who = `${isoTime(record.startedAt)}"${listener(record.listener)}${route(record.route)},"client":"${record.clientIp}"`;
    const bytes = `,"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut},"durationMs":${millis(record.durationMs)}`;
    const firstByte = firstByteMs < 0 ? '' : `,"firstByteMs":${millis(firstByteMs)}`;
    const served = `${firstByte}${pool(record.pool)}${endpoint(record.endpoint)},"retries":${record.retries}`;
    let line = `{"time":"${who}${place},"status":${record.status}${bytes}${served}${optional('requestId', requestId)}`;
    line += `,"end":"${record.end}"`;
    for (let i = 0; i < keys.length; i++) if (record.headers[i] !== '') line += keys[i]! + jsonText(record.headers[i]!);
    return `${line}}\n`;
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (number: number): string => String(number).padStart(2, '0');
const clfTime = secondsCache((date) => {
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
});

const QUOTED = new RegExp(SPECIAL.source, 'g');

/** Between quotes: as Apache writes what could end them. */
const quotable = (text: string): string => {
  const short = shortened(text);
  return SPECIAL.test(short) ? short.replaceAll(QUOTED, escapeByte) : short;
};
const escapeByte = (char: string): string =>
  char === '"' || char === '\\' ? `\\${char}` : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;

const targetOf = ({ path, query }: AccessRecord): string => quotable(query === '' ? path : `${path}?${query}`);

/** Apache's Common Log Format; with headers, those in quotes behind it: `[referer, user-agent]` is the Combined one. */
function commonWriter(headers: readonly string[]): LineWriter {
  return (record) => {
    const { clientIp, startedAt, method, status, bytesOut } = record;
    const request = method === '' ? '-' : `${quotable(method)} ${targetOf(record)} HTTP/1.1`;
    const time = clfTime(Math.floor(startedAt / 1000));
    let line = `${clientIp || '-'} - - [${time} +0000] "${request}" ${status} ${bytesOut || '-'}`;
    for (let i = 0; i < headers.length; i++) line += ` "${quotable(record.headers[i]!) || '-'}"`;
    return `${line}\n`;
  };
}

/** Letters of HAProxy's termination state: who or what ended it, and when. */
const TERMINATION: Readonly<Record<AccessRecord['end'], string>> = {
  complete: '----',
  tunnel: '----',
  route: 'LR--',
  'no-route': 'PR--',
  'bad-request': 'PR--',
  'client-timeout': 'cR--',
  'client-gone': 'CH--',
  'no-endpoint': 'SC--',
  'turned-away': 'sQ--',
  'endpoint-failed': 'SH--',
  'endpoint-timeout': 'sH--',
  'answer-cut': 'SD--',
};

/**
 * HAProxy's `option httplog`. What is not measured here is 0: the client's port, the times to receive and to connect, counts of
 * connections and of the queue.
 */
function haproxyLine(record: AccessRecord): string {
  const { clientIp, startedAt, listener, pool, endpoint, firstByteMs, durationMs, status, bytesOut, retries } = record;
  const whole = Math.floor(startedAt);
  const second = Math.floor(whole / 1000);
  const time = `${clfTime(second)}.${THOUSAND[whole - second * 1000]}`;
  const server = `${pool || listener}/${endpoint || '<NOSRV>'}`;
  const times = `0/0/0/${firstByteMs < 0 ? -1 : Math.round(firstByteMs)}/${Math.round(durationMs)}`;
  const request = record.method === '' ? '<BADREQ>' : `${quotable(record.method)} ${targetOf(record)} HTTP/1.1`;
  const front = `${clientIp || '-'}:0 [${time}] ${listener} ${server} ${times} ${status} ${bytesOut} - -`;
  return `${front} ${TERMINATION[record.end]} 0/0/0/0/${retries} 0/0 "${request}"\n`;
}
