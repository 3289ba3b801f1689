import { createCommonFormat } from './clf.ts';
import { createHaproxyFormat } from './haproxy.ts';
import { createJsonFormat } from './json.ts';
import type { LineFormat, LineOptions } from './line-format.ts';

export type AccessFormat = 'json' | 'common' | 'haproxy';

const FORMATS: Readonly<Record<AccessFormat, (options: LineOptions) => LineFormat>> = {
  json: createJsonFormat,
  common: createCommonFormat,
  haproxy: createHaproxyFormat,
};

/** How one listener's lines are written. */
export function createLineFormat(format: AccessFormat, options: LineOptions): LineFormat {
  return FORMATS[format](options);
}
