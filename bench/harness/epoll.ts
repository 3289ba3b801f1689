/**
 * Linux sockets without the runtime's event loop, for a load generator and an origin that must not stop to collect
 * garbage while a latency is measured: nothing here allocates after a connection is made.
 *
 * Source  epoll(7), accept4(2), recv(2), send(2), usleep(3), prctl(2).
 * Errors  `connect` and `listen` throw; `receive` and `send` give a negative number.
 */
import { dlopen, type Pointer, ptr } from 'bun:ffi';

const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0x800;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const BACKLOG = 4096;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 1;
const EPOLLOUT = 4;
const EPOLLERR_OR_HUP = 0x18;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const PR_SET_TIMERSLACK = 29;
const TIMER_SLACK_NS = 1000;
const EVENTS = 64;
// struct epoll_event is packed on x86-64 alone.
const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
const EVENT_DATA = process.arch === 'x64' ? 4 : 8;

const { symbols: libc } = dlopen('libc.so.6', {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  listen: { args: ['i32', 'i32'], returns: 'i32' },
  accept4: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'usize', 'i32'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'usize', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  epoll_create1: { args: ['i32'], returns: 'i32' },
  epoll_ctl: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  epoll_wait: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  usleep: { args: ['u32'], returns: 'i32' },
  prctl: { args: ['i32', 'usize', 'usize', 'usize', 'usize'], returns: 'i32' },
});

const ONE = new Uint32Array([1]);

/** What a ready connection is ready for. */
export type Readiness = 'read' | 'write' | 'broken';

/** Readiness of sockets, each known by its descriptor. */
export class Epoll {
  readonly #descriptor = libc.epoll_create1(0);
  readonly #events = new DataView(new ArrayBuffer(EVENTS * EVENT_BYTES));
  readonly #eventsAt = ptr(this.#events);
  readonly #change = new DataView(new ArrayBuffer(EVENT_BYTES));
  readonly #changeAt = ptr(this.#change);

  constructor() {
    libc.prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0);
  }

  /** Connects to 127.0.0.1 and watches for input. */
  connect(port: number): number {
    const socket = libc.socket(AF_INET, SOCK_STREAM, 0);
    const address = socketAddress('127.0.0.1', port);
    if (libc.connect(socket, ptr(address), address.length) < 0) throw new Error(`cannot connect to port ${port}`);
    libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, ptr(ONE), 4);
    this.#control(EPOLL_CTL_ADD, socket, EPOLLIN);
    return socket;
  }

  /** Listens and watches for connections to accept. */
  listen(host: string, port: number): number {
    const socket = libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const address = socketAddress(host, port);
    libc.setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, ptr(ONE), 4);
    const bound = libc.bind(socket, ptr(address), address.length) === 0;
    if (!bound || libc.listen(socket, BACKLOG) < 0) throw new Error(`cannot listen on ${host}:${port}`);
    this.#control(EPOLL_CTL_ADD, socket, EPOLLIN);
    return socket;
  }

  /** Accepts a connection and watches for input; negative when there is none. */
  accept(listener: number): number {
    const socket = libc.accept4(listener, null, null, 0);
    if (socket < 0) return socket;
    libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, ptr(ONE), 4);
    this.#control(EPOLL_CTL_ADD, socket, EPOLLIN);
    return socket;
  }

  /** Watches for input or, instead, for room to write. */
  watch(socket: number, readiness: 'read' | 'write'): void {
    this.#control(EPOLL_CTL_MOD, socket, readiness === 'read' ? EPOLLIN : EPOLLOUT);
  }

  #control(operation: number, socket: number, events: number): void {
    this.#change.setUint32(0, events, true);
    this.#change.setUint32(EVENT_DATA, socket, true);
    libc.epoll_ctl(this.#descriptor, operation, socket, this.#changeAt);
  }

  /** Waits at most so many milliseconds; gives the number of ready sockets. */
  wait(timeoutMs: number): number {
    return libc.epoll_wait(this.#descriptor, this.#eventsAt, EVENTS, timeoutMs);
  }

  /** The descriptor of one of those that `wait` counted. */
  ready(index: number): number {
    return this.#events.getUint32(index * EVENT_BYTES + EVENT_DATA, true);
  }

  readiness(index: number): Readiness {
    const events = this.#events.getUint32(index * EVENT_BYTES, true);
    if ((events & EPOLLIN) !== 0) return 'read';
    return (events & EPOLLERR_OR_HUP) !== 0 ? 'broken' : 'write';
  }
}

function socketAddress(host: string, port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set(host.split('.').map(Number), 4);
  return address;
}

/** Memory with its address looked up once. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly at: Pointer;
}

export function block(bytes: Uint8Array): Block {
  return { bytes, at: ptr(bytes) };
}

/** Reads what is there. Bytes, 0 at the end of the stream, negative on an error or when nothing is there. */
export function receive(socket: number, into: Block): number {
  return libc.recv(socket, into.at, into.bytes.length, MSG_DONTWAIT);
}

/** Sends from an offset to the end. Bytes accepted by the kernel, negative on an error or when it has no room. */
export function send(socket: number, from: Block, offset = 0): number {
  const at = (from.at + offset) as Pointer;
  return libc.send(socket, at, from.bytes.length - offset, MSG_DONTWAIT | MSG_NOSIGNAL);
}

export function closeSocket(socket: number): void {
  libc.close(socket);
}

/** Gives the core to others for so many microseconds, and some 5 more. */
export function nap(us: number): void {
  libc.usleep(us);
}
