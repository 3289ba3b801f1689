import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../../harness/sockets.ts';
import type { Scenario } from '../harness/scenario.ts';

const FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];
const LIBRARY = FOLDERS.map((folder) => join(folder, 'faketime/libfaketimeMT.so.1')).find(existsSync);
/** The library looks at its file once in a second. */
const LOOK_MS = 1100;
const FILE = 'clock';
const JUMPS = ['+3600', '-7200', '+0'];

export const clockJumps: Scenario = {
  name: 'clock-jumps',
  title: 'the wall clock jumps an hour ahead, two hours back, and to where it was',
  // From Debian's package libfaketime; without it nobody can take part.
  suits: () => LIBRARY !== undefined,
  prepare(directory) {
    const file = join(directory, FILE);
    writeFileSync(file, '+0');
    return {
      environment: {
        LD_PRELOAD: LIBRARY!,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_CACHE_DURATION: '1',
        // As on a real machine, where what counts time-outs never jumps.
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    };
  },
  async run({ setting, count }) {
    for (const jump of JUMPS) {
      writeFileSync(join(setting.directory, FILE), jump);
      await sleep(LOOK_MS);
    }
    count('jumps', JUMPS.length);
  },
};
