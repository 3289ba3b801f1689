import { forEachListElement, isName, latin1 } from './bytes.ts';
import type { Cuts } from './cuts.ts';
import type { FieldScanner } from './field-scanner.ts';

/**
 * Cuts the fields that Connection names, as they end at this hop (RFC 9110 §7.6.1). `kept`: lower-case names that no
 * Connection may remove, since they frame the message, address it, or say who sent it.
 */
export function cutConnectionNamed(
  bytes: Uint8Array,
  fields: FieldScanner,
  cuts: Cuts,
  kept: ReadonlySet<string>,
): void {
  const named = connectionNames(bytes, fields);
  const { offsets, count } = fields;
  for (let field = 0; field < count; field++) {
    const name = latin1(bytes, offsets[4 * field]!, offsets[4 * field + 1]!).toLowerCase();
    if (named.has(name) && !kept.has(name)) cuts.insert(fields.lineStart(field), fields.lineEnd(field, bytes));
  }
}

function connectionNames(bytes: Uint8Array, { offsets, count }: FieldScanner): Set<string> {
  const names = new Set<string>();
  for (let field = 0; field < count; field++) {
    const start = offsets[4 * field]!;
    if (offsets[4 * field + 1]! - start !== 10 || !isName(bytes, start, 'connection')) continue;
    forEachListElement(bytes, offsets[4 * field + 2]!, offsets[4 * field + 3]!, (from, to) => {
      names.add(latin1(bytes, from, to).toLowerCase());
    });
  }
  return names;
}
