/** `none` holds outcomes without an HTTP status (tcp). A client that went away (499) counts as `4xx`. */
export const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

const HIGHEST = 599;

/** The index of its class. */
export const classOf = (status: number): number => (status >= 100 && status <= HIGHEST ? (status / 100) | 0 : 0);

/** The index of a code's class: a status, or the name of a class. */
export const classOfCode = (code: string): number =>
  Math.max(STATUS_CLASSES.indexOf(code as StatusClass), 0) || classOf(Number(code));

/** The first numbers of a row, by class. */
export const byClass = (row: Float64Array): Record<StatusClass, number> =>
  Object.fromEntries(STATUS_CLASSES.map((name, index) => [name, row[index]!])) as Record<StatusClass, number>;
