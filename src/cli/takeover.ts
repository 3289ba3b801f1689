import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Config } from '../config/config.ts';

/**
 * The processes of this program that listen on a tcp port of `config`, as Linux tells in /proc; never ourselves.
 *
 * Errors  throws when another program listens there: it would not end for us.
 */
export function runningHere(config: Pick<Config, 'listeners'>, proc = '/proc'): number[] {
  const ports = new Set<number>();
  for (const { bind } of Object.values(config.listeners)) {
    for (const address of bind) if (address.kind === 'tcp' && address.port !== 0) ports.add(address.port);
  }
  const pids = holdersOf(listeningInodes(ports, proc), proc).filter((pid) => pid !== process.pid);
  for (const pid of pids) {
    const command = readFileSync(`${proc}/${pid}/cmdline`, 'utf8').split('\0');
    if (!isOurs(command)) {
      throw new Error(`--takeover: process ${pid} listens there, and it is not equipoise: ${command.join(' ').trim()}`);
    }
  }
  return pids;
}

/** By its program, or the script that it runs; a file that it is given may be called as it likes. */
function isOurs(command: readonly string[]): boolean {
  return (
    /(^|\/)equipoise$/.test(command[0]!) || command.some((each) => /\bcli\/main\.[jt]s$|equipoise\.mjs$/.test(each))
  );
}

const LISTEN = '0A';

/** Of sockets that listen on one of `ports`. proc(5): sl local_address rem_address st … inode. */
function listeningInodes(ports: ReadonlySet<number>, proc: string): Set<string> {
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readLines(`${proc}/net/${table}`).slice(1)) {
      const fields = line.trim().split(/\s+/);
      const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
      if (fields[3] === LISTEN && ports.has(port)) inodes.add(fields[9]!);
    }
  }
  return inodes;
}

function holdersOf(inodes: ReadonlySet<string>, proc: string): number[] {
  const pids = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => socketsOf(pid, proc).some((inode) => inodes.has(inode))).map(Number);
}

/** Of processes of others, and of those that end meanwhile, nothing. */
function socketsOf(pid: string, proc: string): string[] {
  try {
    const folder = `${proc}/${pid}/fd`;
    return readdirSync(folder).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? []);
  } catch {
    return [];
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n');
  } catch {
    return [];
  }
}
