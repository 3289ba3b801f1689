import { describe, test } from 'vitest';
import { mariadb } from './harness/databases/mariadb.ts';
import { postgres } from './harness/databases/postgres.ts';
import { findProgram } from './harness/databases/program.ts';
import { redis } from './harness/databases/redis.ts';
import { transports } from './harness/suite.ts';
import { followsSwitchOver, survivesKilledPrimary } from './scenarios/roles.ts';

const scenarios = [
  { about: 'destinations follow a switch-over', run: followsSwitchOver },
  { about: 'a primary that was killed gets no write any more', run: survivesKilledPrimary },
];

/** Real pairs of databases, promoted under writes. */
describe.each(transports)('roles transport=%s', (transport) => {
  for (const kind of [mariadb, postgres, redis]) {
    const missing = kind.programs.filter((each) => findProgram(each) === undefined);
    const isSkipped = missing.length > 0 && process.env.CI !== 'true';
    for (const { about, run } of scenarios) {
      const name = `${kind.name}: ${about}`;
      const title = isSkipped
        ? `skipped: ${missing.join(', ')} not installed; ${name}`
        : `${name} transport=${transport}`;
      test.skipIf(isSkipped)(
        title,
        async () => {
          await run(kind, transport);
          console.log(`ok roles: ${name} transport=${transport}`);
        },
        120_000,
      );
    }
  }
});
