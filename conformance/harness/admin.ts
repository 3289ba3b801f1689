/** What a balancer says of itself at its admin address. */
export interface Admin {
  /** The status of /readyz. Throws when there is none within 10 s. */
  ready(): Promise<number>;
  /** The sum of a metric's samples that carry all of these labels, each written as `listener="web"`. */
  sum(metric: string, ...labels: string[]): Promise<number>;
}

export function adminAt(port: number): Admin {
  const ask = (path: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000), headers: { connection: 'close' } });
  return {
    ready: async () => (await ask('/readyz')).status,
    sum: async (metric, ...labels) => sumOf(await (await ask('/metrics')).text(), metric, labels),
  };
}

function sumOf(page: string, metric: string, labels: readonly string[]): number {
  const samples = page.split('\n').filter((line) => line.startsWith(`${metric}{`));
  const named = samples.filter((line) => labels.every((label) => line.includes(label)));
  return named.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
