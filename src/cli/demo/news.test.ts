import { expect, test } from 'vitest';
import type { ServerEvent } from '../../server/events.ts';
import { createEventBus } from '../../telemetry/events.ts';
import { createNews } from './news.ts';
import type { Act } from './story.ts';

const slow: Act = { atMs: 0, endpoint: 'a', conduct: { kind: 'slow', answerMs: 150 }, text: 'a slows down' };
const ejection = (to: string): ServerEvent => ({
  ...{ at: 0, kind: 'guard', pool: 'main', endpoint: 'a', what: 'ejection', from: '', to, reason: 'why' },
});
const health = (from: string, to: string): ServerEvent => ({
  ...{ at: 0, kind: 'membership', pool: 'main', endpoint: 'a', what: 'health', from, to, reason: 'why' },
});

function setUp() {
  const events = createEventBus<ServerEvent>();
  let atMs = 0;
  const news = createNews(events, () => (atMs += 1000));
  return { events, news };
}

test('what backends do, and what the balancer makes of it', () => {
  const { events, news } = setUp();
  news.look(new Map([['a', 0.4]]));
  news.tell(slow);
  news.look(new Map([['a', 0.3]]));
  news.look(new Map([['a', 0.1]]));
  news.look(new Map([['a', 0.05]]));
  events.emit(health('unknown', 'up'));
  events.emit(health('up', 'down'));
  expect(news.lines).toEqual([
    '  1.0 s  backend   a slows down',
    '  2.0 s  balancer  a gets 10 % of the requests, not 40 %',
    '  3.0 s  balancer  a is down: why',
  ]);
  expect(events.recent().filter(({ kind }) => kind === 'note')).toMatchObject([{ text: 'demo: a slows down' }]);
});

test.each([
  { why: 'got hardly anything before', before: 0.04, later: [] },
  { why: 'is down, which says it', before: 0.4, later: [health('up', 'down')] },
])('a share that falls is not told of who $why', ({ before, later }) => {
  const { events, news } = setUp();
  news.look(new Map([['a', before]]));
  news.tell(slow);
  for (const event of later) events.emit(event);
  news.look(new Map([['a', 0]]));
  expect(news.lines.filter((line) => line.includes('gets'))).toEqual([]);
});

test('who is ejected is out until it is taken back', () => {
  const { events, news } = setUp();
  events.emit(ejection('ejected'));
  expect([...news.ejected]).toEqual(['a']);
  events.emit(ejection('returned'));
  expect([...news.ejected]).toEqual([]);
  expect(news.lines).toEqual(['  1.0 s  balancer  a is ejected: why', '  2.0 s  balancer  a is taken back: why']);
});

test('the last six lines are kept', () => {
  const { events, news } = setUp();
  for (let i = 0; i < 9; i++) events.emit(ejection('ejected'));
  expect(news.lines).toHaveLength(6);
  expect(news.lines[0]).toContain('4.0 s');
});
