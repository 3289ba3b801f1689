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
      const { promise: left, resolve: leave } = Promise.withResolvers<undefined>();
      const goAway = () => {
        hasLeft = true;
        leave(undefined);
      };
      terminal.once('close', goAway).once('SIGINT', goAway);
      const answer = await Promise.race([terminal.question(question), left]);
      terminal.off('close', goAway).off('SIGINT', goAway);
      return answer;
    },
    close: () => terminal?.close(),
  };
}
