/** What an endpoint can be told to do wrong, on every connection, until told otherwise. */
export type FaultName =
  | 'none'
  /** Answers after 10 times the usual time. */
  | 'slow'
  /** Answers requests with 500; its health check is well. */
  | 'status-500'
  /** Answers bytes that are not HTTP. */
  | 'garbage'
  /** Resets the connection as soon as a request's head is there. */
  | 'reset-request'
  /** Resets the connection behind the head of its answer. */
  | 'reset-answer'
  /** Closes the connection in the middle of its answer's content. */
  | 'close-body'
  /** Accepts no further connection, and closes those it has behind their next answer, announced. */
  | 'refuse'
  /** Accepts no further connection, and resets those it has. */
  | 'gone';

/** With these it serves nothing, or nothing whole; with the others it is slow, or on its way out. */
export function isDisabling(name: FaultName): boolean {
  return name !== 'none' && name !== 'slow';
}
