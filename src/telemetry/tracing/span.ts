/** `SpanKind` of OTLP: who is asked, and who asks. */
export const SERVER = 2;
export const CLIENT = 3;

export type Attribute = readonly [name: string, value: string | number | boolean];

/** One span that has ended. Ids are lower-case hexadecimal. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where it begins its trace. */
  readonly parentId: string;
  /** The parent is another program's. */
  readonly isRemote: boolean;
  /** As it came; empty where there was none. */
  readonly traceState: string;
  readonly name: string;
  readonly kind: typeof SERVER | typeof CLIENT;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Whole numbers or texts or flags. */
  readonly attributes: readonly Attribute[];
  readonly isError: boolean;
}
