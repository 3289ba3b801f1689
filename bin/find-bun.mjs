import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The Bun binary that npm installed for the package at `from` (a file URL or path), or undefined.
 *
 * The package `bun` ships a text stub named `bun.exe`; its install script moves the real binary over it, out of
 * `@oven/bun-<platform>-<arch>`. With install scripts blocked the binary stays in `@oven`, so both places are tried.
 *
 * @param {string} from
 */
export function findBun(from = import.meta.url) {
  const bun = packageFolder('bun', from);
  // Strict layouts (pnpm) nest the platform's package below `bun`, whose dependency it is; npm puts it beside.
  const folders = platformPackages().map((name) => packageFolder(name, from) ?? nested(bun, name));
  return [bun, ...folders]
    .flatMap((folder) => (folder === undefined ? [] : [join(folder, 'bin', 'bun.exe'), join(folder, 'bin', 'bun')]))
    .find(isBinary);
}

/**
 * @param {string | undefined} folder
 * @param {string} name
 */
function nested(folder, name) {
  return folder && packageFolder(name, join(folder, 'package.json'));
}

/**
 * @param {string} name
 * @param {string} from
 */
function packageFolder(name, from) {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/** npm installs only the one that fits the C library. */
function platformPackages() {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@oven/bun-${platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
  return [name, `${name}-musl`];
}

/**
 * The binary has tens of megabytes, the stub in its place a few hundred bytes.
 *
 * @param {string} path
 */
function isBinary(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size > 1 << 20;
}
