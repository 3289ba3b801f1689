import { sleep } from '../../harness/sockets.ts';
import { anonymousRequest, gather } from './crowd.ts';
import type { Scenario, Stage } from './scenario.ts';

const PAUSE_MS = 50;
/** In which what was held back is read to its end. */
const READ_ON_MS = 15_000;

interface Readers {
  readonly name: string;
  readonly title: string;
  /** In the full form. */
  readonly readers: number;
  readonly leastReaders: number;
  readonly answerBytes: number;
}

/** They read a piece now and then; at the end they read on, and nothing is missing. */
export function slowReadersScenario({ name, title, readers, leastReaders, answerBytes }: Readers): Scenario {
  return {
    ...{ name, title },
    async run(stage) {
      const wanted = Math.max(leastReaders, readers * stage.scale);
      await readSlowly(stage, wanted, answerBytes);
      stage.count('readers', wanted);
    },
  };
}

async function readSlowly({ balancer, phaseMs }: Stage, readers: number, answerBytes: number): Promise<void> {
  const guests = await gather(balancer.port, readers);
  for (const { socket } of guests) socket.write(anonymousRequest(answerBytes));
  for (const end = performance.now() + 2 * phaseMs; performance.now() < end; ) {
    for (const { socket } of guests) socket.pause();
    await sleep(PAUSE_MS);
    for (const { socket } of guests) socket.resume();
    await sleep(1);
  }
  for (const { socket } of guests) socket.resume();
  const deadline = performance.now() + READ_ON_MS;
  const missing = (): number => guests.filter(({ receivedBytes }) => receivedBytes < answerBytes).length;
  while (missing() > 0 && performance.now() < deadline) await sleep(PAUSE_MS);
  for (const { socket } of guests) socket.destroy();
  if (missing() > 0) throw new Error(`${missing()} of ${readers} slow readers did not get their whole answer`);
}
