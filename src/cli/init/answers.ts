/** What a first configuration is made from, as people write it. */
export interface Answers {
  readonly protocol: string;
  /** Addresses, with commas or blanks between them. */
  readonly targets: string;
  /** An address; a bare port is on this machine only. */
  readonly listen: string;
  /** A policy's type. */
  readonly policy: string;
  /** A path that is asked for, `tcp` for a connection, or `off`. */
  readonly health: string;
  /** An address of this machine, or `off`. */
  readonly admin: string;
}

export type AnswerName = keyof Answers;

/** In the order in which they are asked for. */
export const defaults: Answers = {
  protocol: 'http',
  targets: '3001, 3002',
  listen: '8080',
  policy: 'adaptive',
  health: 'tcp',
  admin: '9900',
};

export const questions: Readonly<Record<AnswerName, string>> = {
  protocol: 'What is balanced: http requests, or tcp connections of any protocol?',
  targets: 'Who serves? Ports of this machine or host:port, with commas between them.',
  listen: 'Where shall clients connect? A port of this machine, or 0.0.0.0:8080 to be reached from others.',
  policy:
    'How is an endpoint picked? adaptive suits most; also least-connections, p2c, ring-hash, … (docs/algorithms).',
  health: 'How are endpoints checked? A path that answers 200 (/health), tcp, or off.',
  admin: 'Where are dashboard and metrics? A port of this machine, or off.',
};

/** Addresses as they are written. */
export const targetsOf = (text: string): string[] => text.split(/[\s,]+/).filter((each) => each !== '');
