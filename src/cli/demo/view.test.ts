import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createScreen } from './screen.ts';
import { type DemoFrame, renderFrame, renderSummary } from './view.ts';

const frame: DemoFrame = {
  url: 'http://127.0.0.1:8080',
  adminUrl: undefined,
  policy: 'p2c',
  elapsedMs: 67_900,
  requests: 12_345,
  perSecond: 199.6,
  p50Ms: 12.34,
  p99Ms: 104.6,
  errors: 0,
  retries: 7,
  endpoints: [
    { id: 'fast', state: 'up', requests: 9000, perSecond: 150, share: 0.75, inFlight: 2 },
    { id: 'flaky', state: 'ejected', requests: 3000, perSecond: 50, share: 0.25, inFlight: 0 },
    { id: 'new', state: 'unknown', requests: 0, perSecond: 0, share: 0, inFlight: 0 },
  ],
  events: ['  5.9 s  flaky is down: connect refused'],
};

describe('renderFrame', () => {
  test('plain text', () => {
    expect(renderFrame(frame, false)).toEqual([
      'equipoise demo   http://127.0.0.1:8080   p2c   1:07',
      '',
      '  requests 12,345   200 req/s   p50 12.3 ms   p99 105 ms   errors 0   retried 7',
      '',
      '  endpoint  state      share                           requests   req/s  in flight',
      '  fast      ● up       ██████████████████······  75 %     9,000     150          2',
      '  flaky     ◇ ejected  ██████··················  25 %     3,000      50          0',
      '  new       ◌ unknown  ························   0 %         0       0          0',
      '',
      '    5.9 s  flaky is down: connect refused',
      '',
      '  try: curl -i http://127.0.0.1:8080/hello   Ctrl-C ends',
    ]);
  });

  test('colours change no character', () => {
    const colored = renderFrame({ ...frame, errors: 3 }, true).join('\n');
    expect(colored).toContain('\x1b[31merrors 3\x1b[0m');
    expect(stripVTControlCharacters(colored)).toBe(renderFrame({ ...frame, errors: 3 }, false).join('\n'));
  });

  test.each([
    { share: 0, want: '························' },
    { share: 1 / 24, want: '█·······················' },
    { share: 1.5 / 24, want: '█▌······················' },
    { share: 1, want: '████████████████████████' },
    { share: 1.2, want: '████████████████████████' },
  ])('a bar for $share is always as wide', ({ share, want }) => {
    const [line] = renderFrame({ ...frame, endpoints: [{ ...frame.endpoints[0]!, share }] }, false).slice(5);
    expect(line!.slice(23, 47)).toBe(want);
  });

  test('names the metrics where there are any', () => {
    const lines = renderFrame({ ...frame, adminUrl: 'http://127.0.0.1:9900' }, false);
    expect(lines.at(-1)).toContain('metrics: http://127.0.0.1:9900/metrics');
  });
});

test('renderSummary', () => {
  expect(renderSummary(frame, { p50Ms: 10, p99Ms: 90 })).toBe(
    '12,345 requests in 67.9 s, 0 errors seen by clients, 7 requests retried on another endpoint\n' +
      'p50 10.0 ms, p99 90.0 ms; fast 75 %, flaky 25 %, new 0 %',
  );
});

describe('createScreen', () => {
  test('on a terminal each frame takes the place of the last', () => {
    let written = '';
    const screen = createScreen((text) => (written += text), true);
    screen.draw(['a', 'b']);
    screen.draw(['c']);
    screen.close();
    expect(written).toBe('\x1b[?25l\x1b[?7l\ra\x1b[K\nb\x1b[K\n\x1b[J\x1b[2A\rc\x1b[K\n\x1b[J\x1b[?25h\x1b[?7h');
  });

  test('elsewhere frames are blocks without control characters', () => {
    let written = '';
    const screen = createScreen((text) => (written += text), false);
    screen.draw(['a', 'b']);
    screen.draw(['c']);
    screen.close();
    expect(written).toBe('a\nb\n\nc\n\n');
  });
});
