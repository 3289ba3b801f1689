import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { watchFile } from './watch-file.ts';

let folder: string;
let changes: number;
let heard: () => void;
let stop: () => void = () => {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watch-file-'));
  changes = 0;
  heard = () => {};
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

const at = (...names: string[]): string => join(folder, ...names);

/** Resolves at the next change that is told. */
async function changed(cause: () => void): Promise<void> {
  const next = new Promise<void>((resolve) => {
    heard = resolve;
  });
  cause();
  await next;
}

function start(file: string): void {
  stop = watchFile(file, () => {
    changes++;
    heard();
  });
}

describe('a file that is watched', () => {
  test('written, replaced, removed and created again', async () => {
    writeFileSync(at('a.yaml'), '1');
    start(at('a.yaml'));
    await changed(() => writeFileSync(at('a.yaml'), '22'));
    await changed(() => {
      writeFileSync(at('a.yaml.new'), '333');
      renameSync(at('a.yaml.new'), at('a.yaml'));
    });
    await changed(() => {
      rmSync(at('a.yaml'));
      writeFileSync(at('a.yaml'), '4444');
    });
    expect(changes).toBe(3);
  });

  test('a link whose target is swapped, as a ConfigMap that Kubernetes mounts', async () => {
    for (const [version, text] of [
      ['v1', 'one'],
      ['v2', 'two, longer'],
    ] as const) {
      mkdirSync(at(version));
      writeFileSync(at(version, 'a.yaml'), text);
    }
    symlinkSync('v1', at('..data'));
    symlinkSync(join('..data', 'a.yaml'), at('a.yaml'));
    start(at('a.yaml'));
    await changed(() => {
      symlinkSync('v2', at('..data_tmp'));
      renameSync(at('..data_tmp'), at('..data'));
    });
    expect(changes).toBe(1);
  });

  test('others in its folder are none of its changes, and do not keep one back', async () => {
    writeFileSync(at('a.yaml'), '1');
    start(at('a.yaml'));
    const log = setInterval(() => appendFileSync(at('access.log'), 'a line\n'), 10);
    await changed(() => writeFileSync(at('a.yaml'), '22'));
    clearInterval(log);
    expect(changes).toBe(1);
  });
});
