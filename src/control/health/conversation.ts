import type { Socket } from '../../transport/transport.ts';
import { ByteQueue } from './byte-queue.ts';
import type { Probe, ProbeResult, ProbeTarget } from './probe.ts';
import { type Dialer, ProbeConnection } from './probe-connection.ts';

/** More than any answer that these probes ask for has. */
const MOST_BYTES = 65_536;

/** What a conversation does next. */
export interface Step {
  /** Sent, also before the connection closes. */
  readonly say?: Uint8Array;
  /** Ends it. */
  readonly result?: ProbeResult;
}

/** Nothing to say and nothing to tell: more has to come. */
export const LISTEN: Step = {};

/**
 * A protocol's part of one check: what to say to what came. Knows no socket; what it is given may be cut anywhere. It
 * never throws.
 */
export interface Conversation {
  /** What is said first; undefined: the endpoint speaks first. */
  readonly opening?: Uint8Array;
  /** The name of the protocol, for people: `MySQL`. */
  readonly protocol: string;
  /**
   * Takes the next message from the front of `input`, whole or not at all: undefined when it has to wait for more.
   * Called again as long as it returns a step without a result.
   */
  read(input: ByteQueue): Step | undefined;
}

/** A probe that holds one conversation for each check. */
export function converse(dialer: Dialer, begin: (target: ProbeTarget) => Conversation): Probe {
  return {
    start: (target, report) => new ConversationConnection(target, dialer, begin(target), report).connect(),
  };
}

export function fail(reason: string): Step {
  return { result: { kind: 'failed', reason } };
}

/** What an endpoint said of itself: of a length and with characters that a line of a log can bear. */
export function quote(text: string): string {
  const visible = text.replaceAll(/[^\x20-\x7e]+/g, ' ').trim();
  return visible.length > 200 ? `${visible.slice(0, 200)}…` : visible;
}

class ConversationConnection extends ProbeConnection {
  readonly #conversation: Conversation;
  readonly #input = new ByteQueue(MOST_BYTES);
  /** What the kernel has not taken yet; what comes in is limited, so this is too. */
  #unsent: Uint8Array = new Uint8Array(0);

  constructor(target: ProbeTarget, dialer: Dialer, conversation: Conversation, report: (result: ProbeResult) => void) {
    super(target.address, dialer, report);
    this.#conversation = conversation;
  }

  onOpen(): void {
    const { opening } = this.#conversation;
    if (opening !== undefined) this.#say(opening);
  }

  onDrain(): void {
    this.#send();
  }

  onData(_socket: Socket<ProbeConnection>, bytes: Uint8Array): void {
    if (this.isSettled) return;
    if (!this.#input.push(bytes)) {
      this.settle({ kind: 'failed', reason: `the ${this.#conversation.protocol} answer is too long` }, 'terminate');
      return;
    }
    while (!this.isSettled) {
      const step = this.#conversation.read(this.#input);
      if (step === undefined) return;
      if (step.say !== undefined) this.#say(step.say);
      if (step.result !== undefined) this.#conclude(step.result);
    }
  }

  onEnd(): void {
    this.#broken('close');
  }

  onClose(): void {
    this.#broken('linger');
  }

  #say(bytes: Uint8Array): void {
    this.#unsent = this.#unsent.byteLength === 0 ? bytes : Buffer.concat([this.#unsent, bytes]);
    this.#send();
  }

  #send(): void {
    const { socket } = this;
    const { byteLength } = this.#unsent;
    if (socket === null || byteLength === 0 || this.isSettled) return;
    const accepted = socket.write(this.#unsent, 0, byteLength);
    if (accepted < 0) this.#broken('terminate');
    else this.#unsent = this.#unsent.subarray(accepted);
  }

  /** Politely where both sides have said everything. */
  #conclude(result: ProbeResult): void {
    const isOver = this.#unsent.byteLength === 0 && this.#input.length === 0;
    this.settle(result, isOver ? 'close' : 'terminate');
  }

  #broken(leave: 'close' | 'linger' | 'terminate'): void {
    const reason = `connection closed before the end of the ${this.#conversation.protocol} answer`;
    this.settle({ kind: 'failed', reason }, leave);
  }
}
