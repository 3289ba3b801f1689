/** hashring 3.2.0 has no types of its own; this is what we call. */
declare module 'hashring' {
  export default class HashRing {
    constructor(servers: readonly string[], algorithm?: string, options?: { 'max cache size'?: number });
    get(key: string): string;
  }
}
