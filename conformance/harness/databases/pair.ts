/** Two servers on loopback, the first one the primary, the second one its replica. */
export interface ReplicatedPair {
  /** The pool's `health`, but for its times. */
  readonly health: object;
  readonly ports: readonly [primary: number, replica: number];
  /** Writes through `port` of this machine; the server's own port. Rejects when nobody takes the write. */
  write(port: number): Promise<number>;
  /** Reads through `port`; the server's own port. */
  read(port: number): Promise<number>;
  /** The replica becomes the primary, and the former primary its replica. Both go on. */
  switchOver(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  killPrimary(): Promise<void>;
  /** The replica becomes the primary, whatever became of the other one. */
  promote(): Promise<void>;
  /** Who was killed is started as it was: it takes itself for the primary. */
  revive(): Promise<void>;
  /** Who was revived becomes the other one's replica. */
  demote(): Promise<void>;
  close(): Promise<void>;
}

/** How one kind of database is started, and the programs that it takes. */
export interface PairKind {
  readonly name: string;
  readonly programs: readonly string[];
  readonly start: () => Promise<ReplicatedPair>;
}
