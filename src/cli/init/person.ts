import { createInterface, type Interface } from 'node:readline/promises';
import type { Person } from '../io.ts';

/** Whoever sits at a terminal. Nothing is read before the first question. */
export function openPerson(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Person {
  let terminal: Interface | undefined;
  let hasLeft = false;
  return {
    async ask(question) {
      if (hasLeft) return undefined;
      terminal ??= createInterface({ input, output });
      const open = terminal;
      let goAway = () => {};
      const left = new Promise<undefined>((resolve) => {
        goAway = () => {
          hasLeft = true;
          resolve(undefined);
        };
      });
      open.once('close', goAway).once('SIGINT', goAway);
      const answer = await Promise.race([open.question(question), left]);
      open.off('close', goAway).off('SIGINT', goAway);
      return answer;
    },
    close: () => terminal?.close(),
  };
}
