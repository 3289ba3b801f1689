import { z } from 'zod';
import { GrpcProbeOptions } from './grpc.ts';
import { HttpProbeOptions } from './http.ts';
import { MysqlProbeOptions } from './mysql.ts';
import { PostgresProbeOptions } from './postgres.ts';
import { RedisProbeOptions } from './redis.ts';
import { TcpProbeOptions } from './tcp.ts';

/** A pool's `health`: the options of one probe, told apart by `type`, with every default filled in. */
export const HealthConfig = /* @__PURE__ */ z.discriminatedUnion('type', [
  GrpcProbeOptions,
  HttpProbeOptions,
  MysqlProbeOptions,
  PostgresProbeOptions,
  RedisProbeOptions,
  TcpProbeOptions,
]);
export type HealthConfig = z.infer<typeof HealthConfig>;
