import { z } from 'zod';
import { HttpProbeOptions } from './http.ts';
import { TcpProbeOptions } from './tcp.ts';

/** A pool's `health`: the options of one probe, told apart by `type`, with every default filled in. */
export const HealthConfig = /* @__PURE__ */ z.discriminatedUnion('type', [HttpProbeOptions, TcpProbeOptions]);
export type HealthConfig = z.infer<typeof HealthConfig>;
