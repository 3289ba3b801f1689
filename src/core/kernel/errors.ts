/** Stable codes; a caller may switch on them, messages may change. */
export type ErrorCode =
  | 'address-invalid'
  | 'config-invalid'
  | 'contract-broken'
  | 'endpoint-unknown'
  | 'listen-failed'
  | 'policy-unknown'
  | 'not-serving'
  | 'pool-unknown'
  | 'registry-duplicate'
  | 'runtime-unsupported'
  | 'worker-failed'
  | 'not-yet';

/** Thrown only for broken promises by the caller; expected failures are values. */
export class EquipoiseError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EquipoiseError';
    this.code = code;
  }
}
