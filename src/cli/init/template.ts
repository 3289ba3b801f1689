import { listenAddress, targetAddress } from '../../config/targets.ts';
import { type Answers, targetsOf } from './answers.ts';

/**
 * A first configuration with comments. A key behind `# ` is switched off; each of them is valid as it stands, alone and
 * with the others. Everything else behind `#` is for people.
 */
export function template(answers: Answers): string {
  const http = answers.protocol === 'http';
  return [
    ...HEAD,
    ...adminSection(answers),
    '',
    `# accessLog: { format: json, path: stdout }   # a line for each ${http ? 'request' : 'connection'}; or common, haproxy`,
    '# stateFile: equipoise-state.json             # drains and weights set while it runs survive a restart',
    '# drainTimeout: 60s                           # for what is under way when it ends; 30s if not said',
    '',
    '# What accepts connections. The first route that matches says where a request goes.',
    'listeners:',
    '  web:',
    `    bind: ${scalar(listenAddress(answers.listen))}   # 0.0.0.0:8080 can be reached from other machines`,
    `    protocol: ${scalar(answers.protocol)}   # http, or tcp for connections of any protocol`,
    ...(http
      ? HTTP_ROUTES
      : ['    # limits: { perSource: 1000 }   # connections at a time from one address', '    pool: app']),
    '',
    '# Who serves, and how one of them is picked.',
    'pools:',
    '  app:',
    `    policy: ${scalar(answers.policy)}   # docs/algorithms says which one fits; adaptive if nothing is said`,
    '    endpoints:',
    ...targetsOf(answers.targets).map((each) => `      - ${scalar(targetAddress(each))}`),
    '      # - { id: spare, address: "192.0.2.10:8080", backup: true }   # also: weight, zone, maxConnections',
    '',
    ...healthSection(answers.health, http),
    '',
    '    # What is commonly switched on next:',
    '    # outliers: { consecutiveFailures: 5, baseEjection: 30s }   # leaves out who fails real traffic, for a while',
    '    # slowStart: 30s                                            # who comes back gets its share little by little',
    '    # queue: { size: 1024, timeout: 5s }                        # who waits where everybody is at maxConnections',
    ...(http ? HTTP_POOL : []),
    '',
  ].join('\n');
}

const HEAD = [
  '# A first configuration of Equipoise, written by "equipoise init".',
  '# What stands behind "# " and looks like a key is switched off: take the "# " away to switch it on.',
  '# Every key is in docs/guides/configuration.md; "equipoise check" finds every mistake.',
  '',
  'version: 1',
  '',
];

function adminSection({ admin, listen }: Answers): string[] {
  const what = '# The dashboard, the API behind "equipoise status" and "drain", and /metrics.';
  if (admin === 'off') {
    const free = listenAddress(listen).endsWith(':9900') ? 9901 : 9900;
    return [what, `# admin: { bind: "127.0.0.1:${free}" }`];
  }
  return [
    what,
    'admin:',
    `  bind: ${scalar(listenAddress(admin))}   # beyond this machine it needs a token`,
    `  # token: "\${ADMIN_TOKEN:-}"   # who may change something; taken from the environment`,
  ];
}

const HTTP_ROUTES = [
  '    # trustedProxies: [10.0.0.0/8]   # whose X-Forwarded-* headers are believed',
  '    # timeouts: { head: 10s, body: 30s, keepAlive: 60s }',
  '    routes:',
  '      # - { match: { path: /ping }, respond: { body: "pong\\n" } }   # answered here, without an endpoint',
  '      # - { match: { host: www.example.com, path: /old/* }, redirect: { to: "https://example.com/" } }',
  '      - { pool: app }',
];

const HTTP_POOL = [
  '    # circuitBreaker: { failures: 5, openFor: 10s }             # leaves an endpoint alone while it fails',
  '    # retries: { attempts: 1, statuses: [502, 503] }            # also tried again on these answers',
  '    # hedge: { percentile: 95 }                                 # a second try where the first one is slow',
  '    # timeouts: { connect: 5s, response: 60s }',
  '    # servedBy: true                                            # adds X-Served-By: <endpoint> to answers',
];

function healthSection(health: string, http: boolean): string[] {
  const what = '    # Checks find out who is up. Without them only real traffic tells.';
  if (health === 'off')
    return [
      what,
      `    # health: ${http ? '{ type: http, path: /health, interval: 2s }' : '{ type: tcp, interval: 2s }'}`,
    ];
  const type =
    health === 'tcp'
      ? ['      type: tcp   # also: http, grpc, mysql, postgres, redis']
      : ['      type: http', `      path: ${scalar(health)}`];
  return [
    what,
    '    health:',
    ...type,
    '      interval: 2s',
    '      # timeout: 1s    # of one check',
    '      # fall: 3        # checks in a row that fail until it is down',
  ];
}

/** As YAML: bare where that is read as written, else in quotes. */
const scalar = (text: string): string =>
  /^(\d+|[a-z][a-z0-9-]*|\/[\w./-]*|[\w.-]+:\d+)$/.test(text) ? text : JSON.stringify(text);
