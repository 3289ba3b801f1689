import { z } from 'zod';
import { HiddenQuery } from './hidden-query.ts';
import { isMisread, misread, type Reading, section } from './reading.ts';
import { readHeaderValue } from './route.ts';
import { choice, decimal, flag, text } from './scalars.ts';

function readEndpoint(text: string): Reading<string> {
  const fix = 'write http://127.0.0.1:4318/v1/traces';
  // A parser forgives more than that, and would make another URL of it than the one that is shown.
  const isPlain = /^https?:\/\/[^\s\\]+$/i.test(text) && URL.canParse(text);
  // Not quoted: without its scheme nothing tells where a key in it begins.
  if (!isPlain) return misread('is no http or https URL', fix);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return misread('has a password in it', 'send it in `headers`');
  if (url.pathname === '/') return misread('has no path', `OTLP has its traces at ${url.origin}/v1/traces`);
  return { value: text };
}

/** Of a request of ours: what says how it is framed is ours. */
const OURS = ['connection', 'content-encoding', 'content-length', 'content-type', 'host', 'transfer-encoding'];

function readHeaderName(name: string): Reading<string> {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return misread(`"${name}" is no header name`);
  return OURS.includes(name.toLowerCase())
    ? misread(`${name} is set by this program`, 'leave it out')
    : { value: name };
}

const readServiceName = (name: string): Reading<string> =>
  name === '' ? misread('is empty', 'write equipoise') : { value: name };

/** Spans of requests, sent to a collector. */
export const TracingFile = section({
  endpoint: text(readEndpoint)
    .prefault('http://127.0.0.1:4318/v1/traces')
    .describe('Of the collector: OTLP over HTTP, JSON. Values of its query are never shown.'),
  sampleRate: decimal({ min: 0, max: 1 })
    .prefault(0.1)
    .describe('Part of the requests that are traced where no traceparent decides, 0 to 1.'),
  parentBased: choice(['all', 'trusted', 'none'])
    .prefault('all')
    .describe('Whose `sampled` in a traceparent decides: everybody’s, that of `trustedProxies`, nobody’s.'),
  connections: flag().prefault(false).describe('Traces tcp connections as well, that part of them.'),
  serviceName: text(readServiceName).prefault('equipoise').describe('`service.name` of the spans.'),
  headers: z
    .record(z.string(), text(readHeaderValue))
    .superRefine((headers, context) => {
      for (const name of Object.keys(headers)) {
        const reading = readHeaderName(name);
        if (!isMisread(reading)) continue;
        const { message, ...params } = reading;
        context.addIssue({ code: 'custom', message, path: [name], params });
      }
    })
    .prefault({})
    .describe('Sent to the collector, an API key for one; never shown.'),
  hideQuery: HiddenQuery.prefault('all').describe('Parameters whose values are `***` in spans; `all`: every query.'),
});
