/**
 * The socket interface of the data plane, shaped after Bun's sockets so that its adapter adds nothing per call.
 *
 * Ownership  bytes given to `data` belong to the receiver; bytes given to `write` may be reused when it returns.
 * Half-close always allowed: `end` reports the peer's FIN, `shutdown` sends ours; nothing closes by itself.
 */
export interface Socket<T = unknown> {
  /** The owner's state for this connection; hot paths read it in every handler. */
  data: T;
  /**
   * Text form as the kernel gives it (IPv4 over a dual-stack listener is `::ffff:a.b.c.d`); empty for unix sockets, `NO_PEER` where
   * the peer had reset the connection before it was accepted.
   * Addresses and ports are to be read in `open`: of a connection that the peer has reset they are undefined.
   */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /**
   * Bytes accepted by the kernel now, 0..length; a negative number when the connection is closed. Never buffers more.
   * Terminate after a negative number: an `end` that follows may be a reset which the write has met.
   */
  write(bytes: Uint8Array, offset: number, length: number): number;
  /** No further `data`; the kernel's window closes by itself. A paused socket reports neither data nor FIN. */
  pause(): void;
  resume(): void;
  /** Sends FIN and goes on reading. Call it only when everything was accepted. */
  shutdown(): void;
  /**
   * Closes both directions politely: FIN, then gone. Call it only when everything was accepted. The kernel resets the
   * connection, and the peer may lose what it has not read, when input is left unread or comes later: `shutdown`, then
   * read to the peer's FIN where that matters.
   */
  close(): void;
  /** Closes at once with a reset. */
  terminate(): void;
}

/**
 * Handlers are shared by all connections of a listener or kind; an exception in one ends that connection only.
 * They are called without a useful `this`, and their `close` may be called before `close()` or `terminate()` returns.
 */
export interface SocketHandlers<T> {
  open(socket: Socket<T>): void;
  data(socket: Socket<T>, bytes: Uint8Array): void;
  /** Writable again. May also come without a short write before it. */
  drain(socket: Socket<T>): void;
  /** The peer sent FIN. */
  end(socket: Socket<T>): void;
  /** Gone, whatever the reason; always the last call, exactly once after `open`. */
  close(socket: Socket<T>): void;
  /**
   * No connection came about; `open` and `close` are not called. `data` is what `connect` was given, `systemCode` the
   * system's own name of the reason (`EHOSTUNREACH`), empty where the runtime gives none. Bun calls most ECONNREFUSED.
   */
  connectError(data: T, code: ConnectErrorCode, systemCode: string): void;
}

export type ConnectErrorCode = 'refused' | 'unreachable' | 'descriptors' | 'not-found' | 'other';

/** Where to listen or connect. */
export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export interface Listener {
  /** What was bound, with the real port where 0 was asked for. */
  readonly address: SocketAddress;
  /** Accepts no more; established connections live on. */
  stop(): void;
}

/** What an adapter is created with. */
export interface TransportOptions {
  /** Receives what a handler threw, once its connection has been reset. The process lives on. */
  readonly onHandlerError: (error: unknown) => void;
}

export interface Transport {
  readonly name: 'bun' | 'node';
  /** False: `shared` of `listen` is refused, so that there can be one worker only. */
  readonly canShare: boolean;
  /** What this runtime lacks, to be logged; a listener may add one. */
  readonly notes?: readonly string[];
  /**
   * Binds and accepts with a backlog of 4096. Rejects with `listen-failed` naming the address and the reason.
   * `open` must set `socket.data` before it returns. `shared` lets other listeners of this user, of other threads and
   * processes too, bind the same address if they share it as well (SO_REUSEPORT): the kernel deals the connections out.
   */
  listen<T>(address: SocketAddress, handlers: SocketHandlers<T>, shared?: boolean): Promise<Listener>;
  /**
   * Starts a connection. Never throws; the outcome arrives at `open` (with `socket.data === data`) or `connectError`.
   * A connection given up by the caller must be terminated in `open`: a pending connect cannot be cancelled.
   * `host` of a tcp address must be an IP address: names are resolved by control.
   */
  connect<T>(address: SocketAddress, handlers: SocketHandlers<T>, data: T): void;
  /**
   * Like `connect`, for an address that may not answer: calling what it returns before `open` frees the descriptor at
   * once, and nothing is reported; afterwards it does nothing. On Bun such a connection costs several times as much.
   */
  connectCancellably<T>(address: SocketAddress, handlers: SocketHandlers<T>, data: T): () => void;
}

/** The address of a TCP peer that was gone before it was accepted: nobody's, and so trusted by nobody. */
export const NO_PEER = '0.0.0.0';
