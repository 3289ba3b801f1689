/** The same task for every balancer, with what each of them does best: checks, retries, and passive observation. */

export interface Setting {
  /** For files of the balancer's own. */
  readonly directory: string;
  /** Ports of the endpoints. */
  readonly endpoints: readonly number[];
  /** Time for an endpoint's first byte. Default 10 s. */
  readonly responseMs?: number;
  /** Our listener's limits, policy and other keys that a scenario is about. */
  readonly listener?: object;
  readonly pool?: object;
  readonly top?: object;
}

export const CHECKS = { intervalMs: 250, timeoutMs: 1000, fall: 2, rise: 2 };
/** Within which checks find out, at the latest, on a machine that is busy. */
const BUSY_MS = 1000;
export const NOTICE_MS = {
  down: CHECKS.fall * (CHECKS.intervalMs + CHECKS.timeoutMs) + BUSY_MS,
  up: CHECKS.rise * (CHECKS.intervalMs + CHECKS.timeoutMs) + BUSY_MS,
};
const ATTEMPTS = 2;
const RESPONSE_MS = 10_000;
/** Failures in a row of live requests that put an endpoint aside for a while; two of three may be. */
const OBSERVED_FAILURES = 2;
const ASIDE_MS = 2000;
const OUTLIERS = { consecutiveFailures: OBSERVED_FAILURES, baseEjection: ASIDE_MS, maxEjected: 0.7 };
/** Without a budget, as the others have none. */
const RETRIES = { attempts: ATTEMPTS, budget: 1, statuses: [500, 502, 503, 504] };

export function equipoiseConfiguration(setting: Setting, port: number, adminPort: number, workers: number): object {
  const health = {
    ...{ type: 'http', path: '/health', fall: CHECKS.fall, rise: CHECKS.rise },
    ...{ interval: CHECKS.intervalMs, timeout: CHECKS.timeoutMs },
  };
  return {
    ...{ version: 1, workers, drainTimeout: '30s', admin: { bind: `127.0.0.1:${adminPort}` } },
    listeners: {
      web: { bind: `127.0.0.1:${port}`, protocol: 'http', routes: [{ pool: 'main' }], ...setting.listener },
    },
    pools: {
      main: {
        endpoints: setting.endpoints.map((endpoint) => `127.0.0.1:${endpoint}`),
        ...{ health, retries: RETRIES, outliers: OUTLIERS },
        timeouts: { connect: '2s', response: setting.responseMs ?? RESPONSE_MS },
        ...setting.pool,
      },
    },
    ...setting.top,
  };
}

/** Below its directory: where it is told what people want. */
export const HAPROXY_SOCKET = 'admin.sock';

export function haproxyConfiguration(setting: Setting, port: number): string {
  const servers = setting.endpoints.map((endpoint, index) => `  server s${index} 127.0.0.1:${endpoint}`);
  return `global
  nbthread 1
  no strict-limits
  maxconn 12000
  tune.bufsize 65536
  stats socket ${setting.directory}/${HAPROXY_SOCKET} mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server ${setting.responseMs ?? RESPONSE_MS}ms
  timeout check ${CHECKS.timeoutMs}ms
  timeout http-request 10s
  timeout http-keep-alive 60s
  maxconn 12000
frontend web
  bind 127.0.0.1:${port}
  default_backend main
backend main
  balance leastconn
  http-reuse safe
  retries ${ATTEMPTS}
  option redispatch 1
  retry-on all-retryable-errors
  http-request disable-l7-retry if METH_POST
  option httpchk GET /health
  default-server check inter ${CHECKS.intervalMs} fall ${CHECKS.fall} rise ${CHECKS.rise} observe layer7 error-limit ${OBSERVED_FAILURES} on-error mark-down
${servers.join('\n')}
`;
}

export function nginxConfiguration(setting: Setting, port: number): string {
  const { directory } = setting;
  const servers = setting.endpoints.map(
    (each) => `    server 127.0.0.1:${each} max_fails=${OBSERVED_FAILURES} fail_timeout=${ASIDE_MS / 1000}s;`,
  );
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${directory}/${name};`,
  );
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
${process.getuid?.() === 0 ? 'user root;\n' : ''}pid ${directory}/nginx.pid;
error_log ${directory}/nginx-error.log;
events { worker_connections 20000; }
http {
  access_log off;
${paths.join('\n')}
  keepalive_timeout 60s;
  keepalive_requests 100000000;
  client_body_buffer_size 128k;
  upstream main {
    least_conn;
${servers.join('\n')}
    keepalive 256;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://main;
      proxy_http_version 1.1;
      proxy_connect_timeout 2s;
      proxy_read_timeout ${setting.responseMs ?? RESPONSE_MS}ms;
      proxy_next_upstream error timeout invalid_header http_500 http_502 http_503 http_504;
      proxy_next_upstream_tries ${1 + ATTEMPTS};
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}
`;
}
