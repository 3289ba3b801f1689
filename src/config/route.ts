import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { closest } from '../core/kernel/proposal.ts';
import { isHostName } from './addresses.ts';
import { isMisread, misread, type Reading, section } from './reading.ts';
import { choice, duration, integer, text } from './scalars.ts';

const standardMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];
const templates = ['path', 'query', 'host'];

/** A host name, `*.` and a host name, or an IP address (IPv6 in brackets); lower-case out. */
export function readHostPattern(pattern: string): Reading<string> {
  const host = pattern.toLowerCase();
  if (host === '*') return misread('"*" is not a host pattern', 'leave host out to match every host');
  if (/^\[[0-9a-f:.]+\]$/.test(host) || /^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return { value: host };
  const name = host.startsWith('*.') ? host.slice(2) : host;
  if (isHostName(name)) return { value: host };
  return misread(`"${pattern}" is not a host pattern`, hostFix(name));
}

function hostFix(name: string): string {
  const withoutPort = name.replace(/:\d+$/, '');
  if (withoutPort !== name && isHostName(withoutPort)) return 'leave the port out: a route sees the host without it';
  const ascii = /[^\0-\x7f]/.test(name) ? domainToASCII(name) : '';
  if (ascii !== '') return `write it in ASCII: "${ascii}"`;
  return 'write example.com, or *.example.com for every name below it';
}

/** An absolute path; `*` only as its last character and after a slash. */
export function readPathPattern(pattern: string): Reading<string> {
  if (!pattern.startsWith('/')) return misread(`"${pattern}" does not start with a slash`, `write "/${pattern}"`);
  const star = pattern.indexOf('*');
  if (star >= 0 && (star !== pattern.length - 1 || pattern[star - 1] !== '/')) {
    return misread(`"${pattern}" has its * in the wrong place`, 'write /x/* for /x/ and all below it');
  }
  const odd = /[?#\s]|[^\x21-\x7e]/.exec(pattern);
  if (odd === null) return { value: pattern };
  const fix = odd[0] === '?' ? 'a path pattern does not see the query' : 'write it percent-encoded, as clients send it';
  return misread(`"${pattern}" can match no path`, fix);
}

/** A token of RFC 9110, section 5.6.2; methods are case-sensitive, so `get` is a slip. */
export function readMethod(method: string): Reading<string> {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) return misread(`"${method}" is not a method`);
  if (standardMethods.includes(method)) return { value: method };
  const guess = closest(method, standardMethods);
  if (guess === undefined || method !== method.toLowerCase()) return { value: method };
  return misread(`"${method}" is not a method`, `did you mean "${guess}"? Methods are upper-case`);
}

function readRedirectTarget(to: string): Reading<string> {
  const visible = readHeaderValue(to);
  if (isMisread(visible)) return visible;
  if (to === '') return misread('is empty', 'write a URL or a path');
  for (const [whole, name] of to.matchAll(/\{([^{}]*)\}/g)) {
    if (templates.includes(name!)) continue;
    const guess = closest(name!, templates);
    const known = templates.map((each) => `{${each}}`).join(', ');
    return misread(`unknown template "${whole}"`, guess ? `did you mean "{${guess}}"?` : `known here: ${known}`);
  }
  return { value: to };
}

/** Text that may stand in a header field: visible ASCII and spaces. */
export function readHeaderValue(value: string): Reading<string> {
  if (/^[\x20-\x7e]*$/.test(value)) return { value };
  return misread('has a character that no header may carry', 'use visible ASCII and spaces');
}

function readRedirectStatus(): z.ZodType<number, number> {
  return integer({ min: 301, max: 308 }).refine((status) => [301, 302, 303, 307, 308].includes(status), {
    error: 'expected a redirect status; write 301, 302, 303, 307 or 308',
  });
}

/** One item or a list with at least one; a list out. */
export function oneOrMore<Out, In>(item: z.ZodType<Out, In>): z.ZodType<Out[], In | readonly In[]> {
  const list = z.array(item).min(1);
  const wrapped = z.preprocess((value) => (value === undefined || Array.isArray(value) ? value : [value]), list);
  return wrapped.meta({ or: 'item' }) as unknown as z.ZodType<Out[], In | readonly In[]>;
}

const RouteMatch = section(
  {
    host: z
      .exactOptional(oneOrMore(text(readHostPattern)))
      .describe('Host names, exact or `*.example.com` for any name below; case-insensitive, without port.'),
    path: z
      .exactOptional(oneOrMore(text(readPathPattern)))
      .describe('Paths, exact or `/x/*` for `/x/` and below (not `/x`).'),
    method: z.exactOptional(oneOrMore(text(readMethod))).describe('Methods, upper-case.'),
  },
  ['headers', 'query', 'from', 'contentLength'],
);

const RedirectOptions = section({
  status: readRedirectStatus().prefault(302).describe('301, 302, 303, 307 or 308.'),
  to: text(readRedirectTarget).describe(
    'The Location. `{path}`, `{query}` (with its `?`) and `{host}` are the request’s.',
  ),
});

const RespondOptions = section({
  status: integer({ min: 200, max: 599 }).prefault(200).describe('Status of the answer.'),
  body: text().prefault('').describe('Body of the answer.'),
  contentType: text(readHeaderValue).prefault('text/plain; charset=utf-8').describe('Its Content-Type.'),
});

const WeightedPool = section({
  pool: text().describe('Name of a pool.'),
  weight: integer({ max: 1_000_000 }).prefault(1).describe('Proportion of the requests; 0 gets none.'),
});

/** An ordered match with a destination. That it has exactly one destination is checked with the meanings. */
export const RouteFile = section(
  {
    match: z.exactOptional(RouteMatch).describe('Conditions that must all hold; absent: every request.'),
    pool: z.exactOptional(text()).describe('Name of the pool that serves.'),
    pools: z.exactOptional(z.array(WeightedPool).min(1)).describe('Several pools that share by weight.'),
    role: z.exactOptional(choice(['primary', 'replica'])).describe('Only endpoints that have this role; absent: all.'),
    redirect: z.exactOptional(RedirectOptions).describe('Answers with a redirect.'),
    respond: z.exactOptional(RespondOptions).describe('Answers with a fixed text.'),
    timeouts: z
      .exactOptional(
        section({
          response: z.exactOptional(duration()).describe('As the pool’s, for requests of this route.'),
        }),
      )
      .describe('Overrides the pool’s.'),
  },
  ['filters', 'mirror'],
);
