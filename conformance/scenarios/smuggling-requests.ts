import { values } from '../harness/message-reader.ts';
import {
  accepted,
  bodyIs,
  chunked,
  either,
  expectEqual,
  HIDDEN,
  HOST,
  headIs,
  line,
  post,
  type RequestCase,
  refused,
  without,
} from './smuggling-case.ts';
import { fields, hosts } from './smuggling-fields.ts';
import { chunks, framing } from './smuggling-framing.ts';
import { startLines } from './smuggling-start-lines.ts';

/** Hop-by-hop removal must not take what frames, routes or describes the message. */
const hopByHop: readonly RequestCase[] = [
  ...[
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'X-Forwarded-For',
    'X-Real-IP',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
  ].map((name) =>
    either(`Connection: ${name}`, post(`Content-Length: 5\r\nConnection: close, ${name}`, 'hello'), (requests) => {
      bodyIs('hello')?.(requests);
      headIs('/case', 'a.example')?.(requests);
      for (const { fields: seen } of requests) {
        expectEqual('X-Forwarded-For', values(seen, 'x-forwarded-for'), ['127.0.0.1']);
        expectEqual('X-Real-IP', values(seen, 'x-real-ip'), ['127.0.0.1']);
        expectEqual('X-Forwarded-Proto', values(seen, 'x-forwarded-proto'), ['http']);
        expectEqual('X-Forwarded-Host', values(seen, 'x-forwarded-host'), ['a.example']);
      }
    }),
  ),
  either(
    'Connection: Transfer-Encoding on a chunked request',
    post('Transfer-Encoding: chunked\r\nConnection: Transfer-Encoding', '5\r\nhello\r\n0\r\n\r\n'),
    bodyIs('hello'),
  ),
  accepted(
    'Upgrade: h2c',
    line('Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
    without('upgrade', 'http2-settings'),
  ),
  accepted(
    'Upgrade: h2c, only Upgrade named',
    line('Upgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
    without('upgrade', 'http2-settings'),
  ),
  accepted(
    'Upgrade: h2c with a version before websocket: a tunnel would hide HTTP/2 from us',
    line('Upgrade: h2c/1, websocket\r\nConnection: Upgrade\r\n'),
    without('upgrade'),
  ),
  accepted('Upgrade not named in Connection', line('Upgrade: websocket\r\n'), without('upgrade')),
  {
    ...accepted(
      'an upgrade that is declined leaves an ordinary connection',
      `${line('Upgrade: websocket\r\nConnection: Upgrade\r\n')}GET /second HTTP/1.1\r\n${HOST}\r\n`,
    ),
    answers: [[200], [200]],
    forwarded: [2],
  },
  either(
    'underscores for dashes',
    line('X_Forwarded_For: 6.6.6.6\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\n'),
    ([request]) => request && expectEqual('X-Forwarded-For', values(request.fields, 'x-forwarded-for'), ['127.0.0.1']),
  ),
  either('Expect: something else', post('Content-Length: 5\r\nExpect: 200-maybe', 'hello')),
  either(
    'Keep-Alive and Proxy-Connection',
    line('Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n'),
    without('keep-alive', 'proxy-connection'),
  ),
];

const pipelines: readonly RequestCase[] = [
  ...[
    ['garbage', 'garbage\r\n\r\n'],
    ['binary', '\x00\x01\x02\x03\r\n\r\n'],
    ['CL and TE', post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
    ['a bad chunk', chunked('x\r\n')],
  ].map(([what, bytes]) => ({
    ...refused(`a good request, then ${what}`, `${line('')}${bytes}`),
    answers: [[200], [400]],
    forwarded: [1],
  })),
  {
    ...refused('a body longer than its length', post('Content-Length: 5', 'hello, more\r\n\r\n')),
    answers: [[200], [400]],
    forwarded: [1],
  },
  {
    ...refused('nothing after a refusal is read', `GET / HTTP/1.1\r\nHost : a\r\n\r\n${HIDDEN}${HIDDEN}`),
    answers: [[400]],
  },
  {
    ...accepted('after Connection: close nothing is read', `${line('Connection: close\r\n')}${HIDDEN}`),
    closed: true,
  },
];

export const requestGroups: Readonly<Record<string, readonly RequestCase[]>> = {
  framing,
  chunks,
  fields,
  hosts,
  'start lines': startLines,
  'hop by hop': hopByHop,
  pipelines,
};
