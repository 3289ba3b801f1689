import type { EndpointPatchWire, EndpointWire } from '../../admin/wire.ts';
import { wrongUsage } from '../arguments.ts';
import { type CliIo, exitCodes } from '../io.ts';
import { type AdminTarget, callAdmin } from './admin-client.ts';
import { endpointPath, readSubject } from './operation-arguments.ts';

export interface Named {
  readonly pool: string;
  readonly id: string;
}

/** The exit code where it is wrong, which has been said. */
export function readNamed(
  command: string,
  words: readonly string[],
  most: number,
  usage: string,
  io: CliIo,
): Named | number {
  const [text, ...rest] = words;
  if (text === undefined) return wrongUsage(`${command}: which endpoint?`, usage, io);
  const { pool, endpoint } = readSubject(text) ?? {};
  if (pool === undefined || endpoint === undefined) {
    return wrongUsage(`${command}: "${text}" is no <pool>/<endpoint>`, usage, io);
  }
  if (rest.length >= most) return wrongUsage(`${command}: unexpected ${rest.at(-1)}`, usage, io);
  return { pool, id: endpoint };
}

/** Undefined when it could not be done, which has been said. */
export async function patch(
  target: AdminTarget,
  { pool, id }: Named,
  body: EndpointPatchWire,
  command: string,
  io: CliIo,
): Promise<EndpointWire | undefined> {
  const reply = await callAdmin<EndpointWire>(target, 'PATCH', endpointPath(pool, id), body);
  if (reply.ok) return reply.value;
  fail(command, reply.message, io);
  return undefined;
}

export function fail(command: string, message: string, io: CliIo): number {
  io.stderr(`equipoise: ${command}: ${message}\n`);
  return exitCodes.failed;
}

export function say(endpoint: EndpointWire, message: string, json: boolean, io: CliIo): void {
  io.stdout(json ? `${JSON.stringify(endpoint)}\n` : `${message}\n`);
}

export function describe({ mode, inFlight, eligible, reasons }: EndpointWire): string {
  if (mode === 'ready') return eligible ? 'ready' : `ready, but not picked: ${reasons.join(', ')}`;
  const word = mode === 'draining' ? 'draining' : 'in maintenance';
  return `${word}; ${inFlight === 0 ? 'nothing' : inFlight} in flight`;
}

export const title = ({ pool, id }: Named): string => `${pool}/${id}`;
