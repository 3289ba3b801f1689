import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ReadRequest, type ReadSpan, readOtlpJson } from '../../src/telemetry/testing/otlp.ts';

/** Takes spans over OTLP/HTTP, as OpenTelemetry's published definitions read them. */
export interface SpanCollector {
  readonly endpoint: string;
  readonly requests: ReadRequest[];
  /** Headers of the requests. */
  readonly headers: Readonly<Record<string, unknown>>[];
  /** What no collector would have understood. Must stay empty. */
  readonly violations: string[];
  /** Of requests to come; 0: they are never answered. Default 200. */
  status: number;
  spans(): readonly ReadSpan[];
  close(): Promise<void>;
}

export async function spanCollector(): Promise<SpanCollector> {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { status } = collector;
      if (status === 0) return;
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      if (status !== 200) return;
      collector.headers.push(request.headers);
      try {
        collector.requests.push(readOtlpJson(Buffer.concat(pieces).toString('utf8')));
      } catch (error) {
        collector.violations.push((error as Error).message);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const collector: SpanCollector = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    ...{ requests: [], headers: [], violations: [], status: 200 },
    spans: () => collector.requests.flatMap(({ spans }) => spans),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return collector;
}
