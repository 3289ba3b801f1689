/** A balancer under test, running. */
export interface Balancer {
  readonly name: string;
  readonly version: string;
  /** Everything it was told, as text. */
  readonly configuration: string;
  readonly command: string;
  readonly port: number;
  /** The processes that serve traffic: their CPU and memory count. */
  serving(): readonly number[];
  stop(): Promise<void>;
}

/** What every balancer is given. */
export interface Setting {
  readonly protocol: 'http' | 'tcp';
  /** Ports of the origin on 127.0.0.1. */
  readonly endpoints: readonly number[];
  /** CPU to run on; absent: any. */
  readonly core: number | undefined;
  /** HAProxy's `balance`, or a line of nginx's `upstream`; absent: taking turns. */
  readonly algorithm?: string;
  /** What this variant is called; absent: the program's name. */
  readonly name?: string;
  /** For configurations, logs and temporary files. */
  readonly directory: string;
}

/** How many connections each is allowed, within a descriptor limit of 20,000 (two each, and pipes). */
export const CONNECTION_LIMIT = 6000;
