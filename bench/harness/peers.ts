import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../conformance/harness/sockets.ts';
import { type Balancer, CONNECTION_LIMIT, type Setting } from './balancer.ts';
import { acceptsTcp, descendants, type Program, startProgram, untilReady } from './processes.ts';

/** HAProxy and NGINX, one thread or worker each, unprivileged paths, in the foreground. */

/** HAProxy's configuration. `splice` lets the kernel move tcp bytes without copying them to user space. */
export function haproxyConfiguration(setting: Setting, port: number, splice: boolean): string {
  const servers = setting.endpoints.map((endpoint, index) => `  server origin${index + 1} 127.0.0.1:${endpoint} check`);
  const http = [
    '  option http-keep-alive',
    '  option forwardfor',
    '  option httpchk GET /health',
    '  http-reuse always',
  ];
  const options = setting.protocol === 'http' ? http : splice ? ['  option splice-auto'] : [];
  return `global
  nbthread 1
  maxconn ${CONNECTION_LIMIT}
${setting.protocol === 'tcp' && !splice ? '  nosplice\n' : ''}
defaults
  mode ${setting.protocol}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-request 10s
  timeout http-keep-alive 60s
  maxconn ${CONNECTION_LIMIT}

frontend web
  bind 127.0.0.1:${port}
  default_backend origin

backend origin
  balance ${setting.algorithm ?? 'roundrobin'}
${options.join('\n')}
  default-server inter 2s rise 2 fall 3
${servers.join('\n')}
`;
}

/**
 * NGINX's configuration. `proxy_buffering` is at its default (on). Request bodies are streamed through a buffer that
 * holds 64 KiB: at the defaults they are written to a file first, at twice the cost. Connections to clients and
 * endpoints are not cut after 1,000 requests.
 */
export function nginxConfiguration(setting: Setting, port: number, directory: string): string {
  const stream = setting.protocol === 'tcp';
  return `${stream ? 'load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n' : ''}daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? 'user root;\n' : ''}pid ${directory}/nginx.pid;
error_log ${directory}/nginx-error.log;
events { worker_connections ${2 * CONNECTION_LIMIT}; }
${stream ? nginxStream(setting, port) : nginxHttp(setting, port, directory)}`;
}

function nginxServers(setting: Setting): string {
  return setting.endpoints.map((endpoint) => `    server 127.0.0.1:${endpoint};`).join('\n');
}

function nginxHttp(setting: Setting, port: number, directory: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${directory}/${name};`,
  );
  return `http {
  access_log off;
${paths.join('\n')}
  keepalive_timeout 60s;
  keepalive_requests 100000000;
  client_header_timeout 10s;
  client_body_timeout 30s;
  upstream origin {
${setting.algorithm === undefined ? '' : `    ${setting.algorithm};\n`}${nginxServers(setting)}
    keepalive 256;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://origin;
      proxy_http_version 1.1;
      proxy_request_buffering off;
      client_body_buffer_size 128k;
      proxy_connect_timeout 5s;
      proxy_read_timeout 60s;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }
  }
}
`;
}

function nginxStream(setting: Setting, port: number): string {
  return `stream {
  upstream origin {
${nginxServers(setting)}
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_pass origin;
    proxy_connect_timeout 5s;
    proxy_timeout 60s;
  }
}
`;
}

export async function startHaproxy(setting: Setting, splice = false): Promise<Balancer> {
  const port = await freePort();
  const name = setting.name ?? (splice ? 'haproxy-splice' : 'haproxy');
  const configuration = haproxyConfiguration(setting, port, splice);
  const file = join(setting.directory, `${name}-${port}.cfg`);
  writeFileSync(file, configuration);
  const command = ['haproxy', '-db', '-f', file];
  const program = startProgram({ name, command, core: setting.core, directory: setting.directory });
  await untilReady(program, () => acceptsTcp(port));
  return describe(program, { port, configuration, version: versionOf(['haproxy', '-v']) }, () => [program.pid]);
}

export async function startNginx(setting: Setting): Promise<Balancer> {
  const port = await freePort();
  const directory = join(setting.directory, `nginx-${port}`);
  mkdirSync(directory);
  const configuration = nginxConfiguration(setting, port, directory);
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, configuration);
  const command = ['nginx', '-p', directory, '-c', file, '-e', join(directory, 'nginx-error.log')];
  const program = startProgram({
    name: setting.name ?? 'nginx',
    command,
    core: setting.core,
    directory: setting.directory,
  });
  await untilReady(program, () => acceptsTcp(port));
  // The master only supervises.
  const workers = (): number[] => descendants(program.pid);
  return describe(program, { port, configuration, version: versionOf(['nginx', '-v']) }, workers);
}

function describe(
  program: Program,
  facts: Pick<Balancer, 'port' | 'configuration' | 'version'>,
  serving: () => readonly number[],
): Balancer {
  return { ...facts, name: program.name, command: program.command.join(' '), serving, stop: program.stop };
}

/** The first line that a program prints about itself. */
export function versionOf(command: readonly string[]): string {
  const result = Bun.spawnSync([...command]);
  return `${result.stdout}${result.stderr}`.split('\n')[0]?.trim() ?? '';
}

/** Names the programs that are not installed. */
export function missingPrograms(programs: readonly string[]): string[] {
  return programs.filter((program) => Bun.which(program) === null);
}
