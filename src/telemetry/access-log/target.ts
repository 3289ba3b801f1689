import { type Escaping, encoded } from './escaping.ts';
import type { LineBytes } from './line-bytes.ts';
import { QUESTION_MARK, SLASH, SPACE } from './line-format.ts';
import type { QueryFilter } from './query-filter.ts';
import type { RequestRecord } from './record.ts';

const HTTP_11 = encoded(' HTTP/1.1');
const HTTP_10 = encoded(' HTTP/1.0');

/** A request line, as far as it was read. */
export function writeTarget(line: LineBytes, record: RequestRecord, query: QueryFilter, escaping: Escaping): void {
  const { bytes, methodStart, methodEnd, pathStart, pathEnd, queryStart, queryEnd } = record;
  line.text(bytes, methodStart, methodEnd, escaping);
  line.byte(SPACE);
  if (pathEnd === pathStart) line.byte(SLASH);
  else line.text(bytes, pathStart, pathEnd, escaping);
  if (queryEnd > queryStart) {
    line.byte(QUESTION_MARK);
    query.write(line, bytes, queryStart, queryEnd, escaping);
  }
  line.constant(record.isHttp10 ? HTTP_10 : HTTP_11);
}
