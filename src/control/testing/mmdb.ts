/**
 * Writes MaxMind DB files for tests: a binary tree of 24-bit records, then data, then metadata.
 *
 * Source  "MaxMind DB File Format Specification", 2.0.
 */
import { Buffer } from 'node:buffer';

/** What a record may hold; numbers are doubles. */
export type MmdbValue = string | number | { readonly [key: string]: MmdbValue };

type Node = [Node | number | undefined, Node | number | undefined];

const STRING = 2;
const DOUBLE = 3;
const UINT32 = 6;
const MAP = 7;

/** `networks` are IPv4, as `10.1.0.0/16`; in a database of IPv6 they stand below ::/96, as the format has it. */
export function writeMmdb(networks: Readonly<Record<string, MmdbValue>>, ipVersion: 4 | 6 = 6): Buffer {
  const root: Node = [undefined, undefined];
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const [network, value] of Object.entries(networks)) {
    insert(root, bitsOf(network, ipVersion), dataBytes);
    const encoded = encode(value);
    data.push(encoded);
    dataBytes += encoded.length;
  }
  const nodes = nodesOf(root);
  const tree = Buffer.concat(nodes.map((node) => writeNode(node, nodes)));
  const metadata = Buffer.concat([
    Buffer.from('abcdef4d61784d696e642e636f6d', 'hex'),
    describe(nodes.length, ipVersion),
  ]);
  return Buffer.concat([tree, Buffer.alloc(16), ...data, metadata]);
}

function bitsOf(network: string, ipVersion: 4 | 6): number[] {
  const [address = '', length = '32'] = network.split('/');
  const bits = address.split('.').flatMap((octet) => [...Number(octet).toString(2).padStart(8, '0')].map(Number));
  const prefix = ipVersion === 6 ? new Array<number>(96).fill(0) : [];
  return [...prefix, ...bits.slice(0, Number(length))];
}

function insert(root: Node, bits: readonly number[], offset: number): void {
  let node = root;
  for (const bit of bits.slice(0, -1)) {
    const next = node[bit];
    const below: Node = Array.isArray(next) ? next : [undefined, undefined];
    node[bit] = below;
    node = below;
  }
  node[bits.at(-1)!] = offset;
}

function nodesOf(root: Node): Node[] {
  const nodes = [root];
  for (const node of nodes) for (const each of node) if (Array.isArray(each)) nodes.push(each);
  return nodes;
}

/** A record is another node's number, the number of nodes for nothing, or beyond it an offset into the data. */
function writeNode(node: Node, nodes: readonly Node[]): Buffer {
  const bytes = Buffer.alloc(6);
  node.forEach((each, side) => {
    const known = Array.isArray(each) ? nodes.indexOf(each) : nodes.length + (each === undefined ? 0 : 16 + each);
    bytes.writeUIntBE(known, side * 3, 3);
  });
  return bytes;
}

function describe(nodeCount: number, ipVersion: 4 | 6): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return field(UINT32, bytes);
  };
  const entries: readonly (readonly [string, Buffer])[] = [
    ['node_count', number(nodeCount)],
    ['record_size', number(24)],
    ['ip_version', number(ipVersion)],
    ['database_type', encode('Test-City')],
    ['binary_format_major_version', number(2)],
    ['binary_format_minor_version', number(0)],
    ['build_epoch', number(1_700_000_000)],
  ];
  return map(entries);
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') return field(STRING, Buffer.from(value));
  if (typeof value === 'object') return map(Object.entries(value).map(([key, each]) => [key, encode(each)] as const));
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return field(DOUBLE, bytes);
}

function map(entries: readonly (readonly [string, Buffer])[]): Buffer {
  const content = entries.flatMap(([key, value]) => [encode(key), value]);
  return Buffer.concat([Buffer.from([MAP * 32 + entries.length]), ...content]);
}

/** Up to 28 bytes need no longer length. */
function field(type: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type * 32 + bytes.length]), bytes]);
}
