import { encoded } from '../access-log/escaping.ts';
import { LineBytes } from '../access-log/line-bytes.ts';
import type { BytesSink } from '../access-log/line-memory.ts';

/** Lines as the access log hands them over, with room behind them. */
function batchOf(lines: string): LineBytes {
  const batch = new LineBytes(lines.length + 100);
  batch.constant(encoded(lines));
  return batch;
}

/** How many of them are lost. */
export const writeLines = (sink: Pick<BytesSink, 'write'>, lines: string): Promise<number> =>
  new Promise((resolve) => sink.write(batchOf(lines), resolve));
