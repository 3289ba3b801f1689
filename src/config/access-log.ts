import { z } from 'zod';
import { HiddenQuery } from './hidden-query.ts';
import { misread, type Reading, section } from './reading.ts';
import { choice, decimal, text } from './scalars.ts';

/** Whoever reads a log must not be able to act as whom it tells of. */
const CREDENTIALS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  'x-equipoise-explain',
];

function readLoggedHeader(name: string): Reading<string> {
  const lower = name.toLowerCase();
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(lower)) return misread(`"${name}" is no header name`);
  if (CREDENTIALS.includes(lower)) return misread(`${lower} carries credentials and is never logged`, 'leave it out');
  return { value: lower };
}

function readLogPath(path: string): Reading<string> {
  if (path === 'stdout' || path === 'syslog' || /^syslog:\/\/[^/\s]+$/.test(path)) return { value: path };
  if (path === '' || path.includes('\0')) return misread('names no file', 'write stdout, syslog or access.log');
  const scheme = /^[a-z]+:\/\//.exec(path);
  return scheme === null ? { value: path } : misread(`"${scheme[0]}" is unknown here`, 'write syslog://host:514');
}

/** Where requests and tcp connections are written down. */
export const AccessLogFile = section({
  format: choice(['json', 'common', 'haproxy'])
    .prefault('json')
    .describe('`json`: one object a line; `common`: Apache’s; `haproxy`: its `option httplog`, `option tcplog`.'),
  path: text(readLogPath)
    .prefault('stdout')
    .describe('`stdout`, a file, `syslog` (127.0.0.1:514 over UDP) or `syslog://host:port`.'),
  sample: decimal({ min: 0, max: 1 })
    .prefault(1)
    .describe('Part of the requests (tcp: connections) that are logged, drawn, 0 to 1.'),
  headers: z
    .array(text(readLoggedHeader))
    .prefault([])
    .describe('Request headers that are logged as well: json and common; credentials are refused.'),
  hideQuery: HiddenQuery.prefault([]).describe(
    'Parameters whose values are logged as `***`, also in a Referer; `all`: every query.',
  ),
});
