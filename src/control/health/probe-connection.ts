import type { ConnectErrorCode, Socket, SocketAddress, SocketHandlers, Transport } from '../../transport/transport.ts';
import type { ProbeResult, ProbeRun } from './probe.ts';

type ProbeSocket = Socket<ProbeConnection>;

/**
 * What to do with the connection once it has told enough. `close` is for a peer that has nothing more to say,
 * `linger` leaves it to the probe.
 */
export type Leave = 'close' | 'terminate' | 'linger';

/** Makes the connections of one probe. */
export interface Dialer {
  readonly transport: Transport;
  /**
   * Addresses where the last connect took too long. There the next one is cancellable: each of Bun's own would keep
   * its descriptor until the system gives up, which takes longer than many checks.
   */
  readonly silent: WeakSet<SocketAddress>;
}

export function createDialer(transport: Transport): Dialer {
  return { transport, silent: new WeakSet() };
}

/** The connection of one check, from connect to its end. A probe says what is written and when that is enough. */
export abstract class ProbeConnection implements ProbeRun {
  /** Null before it is open. */
  protected socket: ProbeSocket | null = null;
  readonly #address: SocketAddress;
  readonly #dialer: Dialer;
  /** Null once settled or stopped. */
  #report: ((result: ProbeResult) => void) | null;
  #cancel: (() => void) | null = null;

  constructor(address: SocketAddress, dialer: Dialer, report: (result: ProbeResult) => void) {
    this.#address = address;
    this.#dialer = dialer;
    this.#report = report;
  }

  /** Reported or stopped: what comes now is of no interest. */
  protected get isSettled(): boolean {
    return this.#report === null;
  }

  connect(): this {
    const { transport, silent } = this.#dialer;
    if (silent.has(this.#address)) this.#cancel = transport.connectCancellably(this.#address, HANDLERS, this);
    else transport.connect(this.#address, HANDLERS, this);
    return this;
  }

  stop(): void {
    if (this.#report === null) return;
    this.#report = null;
    if (this.socket !== null) {
      this.socket.terminate();
      return;
    }
    this.#dialer.silent.add(this.#address);
    this.#cancel?.();
  }

  opened(socket: ProbeSocket): void {
    if (this.#report === null) {
      socket.terminate();
      return;
    }
    this.#dialer.silent.delete(this.#address);
    this.socket = socket;
    this.onOpen(socket);
  }

  failed(code: ConnectErrorCode, systemCode: string): void {
    const report = this.#report;
    if (report === null) return;
    this.#report = null;
    this.#dialer.silent.delete(this.#address);
    report(connectFailure(code, systemCode));
  }

  abstract onOpen(socket: ProbeSocket): void;
  abstract onData(socket: ProbeSocket, bytes: Uint8Array): void;
  abstract onDrain(socket: ProbeSocket): void;
  /** The peer sent FIN. */
  abstract onEnd(socket: ProbeSocket): void;
  abstract onClose(): void;

  /** The verdict; later ones do nothing. */
  protected settle(result: ProbeResult, leave: Leave): void {
    const report = this.#report;
    if (report === null) return;
    // First of all: leaving may report `close` at once, which is no verdict any more.
    this.#report = null;
    if (leave === 'close') this.socket?.close();
    else if (leave === 'terminate') this.socket?.terminate();
    report(result);
  }
}

/** For every check of every probe. */
const HANDLERS: SocketHandlers<ProbeConnection> = {
  open: (socket) => socket.data.opened(socket),
  data: (socket, bytes) => socket.data.onData(socket, bytes),
  drain: (socket) => socket.data.onDrain(socket),
  end: (socket) => socket.data.onEnd(socket),
  close: (socket) => socket.data.onClose(),
  connectError: (connection, code, systemCode) => connection.failed(code, systemCode),
};

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect refused',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connect timed out',
  ENOENT: 'no such socket',
  EACCES: 'permission denied',
};
const OWN_LIMITS = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

/** What a failed connect says. */
function connectFailure(code: ConnectErrorCode, systemCode: string): ProbeResult {
  const name = systemCode === '' ? code : systemCode;
  if (code === 'descriptors' || OWN_LIMITS.has(name)) return { kind: 'not-run', reason: `could not connect: ${name}` };
  return { kind: 'unreachable', reason: REASONS[name] ?? `connect failed: ${name}` };
}
