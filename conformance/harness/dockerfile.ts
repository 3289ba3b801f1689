/**
 * Performs a Dockerfile where no engine runs: COPY and RUN of each stage in a folder of its own, which stands for the root
 * of the image. What a base image brings is not there: programs are this machine's.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';

export interface Instruction {
  readonly name: string;
  /** What follows the name, continued lines joined. */
  readonly rest: string;
}

export interface Stage {
  readonly base: string;
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

export function readStages(text: string): Stage[] {
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
  const stages: { base: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines.filter((each) => each.trim() !== '')) {
    const [, name = '', rest = ''] = /^\s*(\w+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (name === 'FROM') {
      const [, base = '', as = ''] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? [];
      stages.push({ base, name: as, instructions: [] });
    } else stages.at(-1)!.instructions.push({ name, rest });
  }
  return stages;
}

/** The last one of that name, as JSON: the form that needs no shell. */
export function wordsOf({ instructions }: Stage, name: string): string[] {
  const rest = instructions.findLast((each) => each.name === name)?.rest ?? '';
  return JSON.parse(rest.slice(rest.indexOf('['))) as string[];
}

/** What `docker build` sends of `folder`: the files that its `.dockerignore` leaves, by their paths in it. */
export function contextOf(folder: string): string[] {
  const rules = readFileSync(join(folder, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keeps: line.startsWith('!'), path: line.replace(/^!/, '') }));
  const kept = rules.filter(({ keeps }) => keeps).map(({ path }) => path);
  const found: string[] = [];
  function visit(path: string): void {
    const keeps = isKept(path, rules);
    if (statSync(join(folder, path)).isFile()) {
      if (keeps) found.push(path);
    } else if (keeps || kept.some((each) => each.startsWith(`${path}/`))) {
      for (const each of readdirSync(join(folder, path))) visit(posix.join(path, each));
    }
  }
  for (const each of readdirSync(folder)) visit(each);
  return found;
}

/** The last rule that matches the path, or a folder above it, decides. */
function isKept(path: string, rules: readonly { keeps: boolean; path: string }[]): boolean {
  const steps = path.split('/');
  const above = steps.map((_, index) => steps.slice(0, index + 1).join('/'));
  return rules.findLast((rule) => above.some((each) => patternOf(rule.path).test(each)))?.keeps ?? true;
}

function patternOf(glob: string): RegExp {
  const escaped = glob.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(?:.*/)?'))}$`);
}

export interface Performance {
  /** The folder that is built from, and its files that count. */
  readonly context: { readonly folder: string; readonly files: readonly string[] };
  /** The roots of the stages before. */
  readonly roots: ReadonlyMap<string, string>;
}

/** Said to the engine or of the container, not done while the image is made. */
const SAID = ['USER', 'EXPOSE', 'STOPSIGNAL', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'];

/** Does what a stage says, below `root`. Throws what a command printed that failed. */
export function perform(stage: Stage, root: string, performance: Performance): void {
  let folder = '/';
  const env: Record<string, string> = {};
  for (const { name, rest } of stage.instructions) {
    if (name === 'WORKDIR') {
      folder = posix.resolve(folder, rest);
      mkdirSync(join(root, folder), { recursive: true });
    } else if (name === 'ENV')
      Object.assign(env, Object.fromEntries(rest.split(' ').map((each) => each.split('=', 2))));
    else if (name === 'RUN') run(rest, join(root, folder), env);
    else if (name === 'COPY') copy(rest, (path) => join(root, posix.resolve(folder, path)), performance);
    else if (!SAID.includes(name)) throw new Error(`${name} is not known here`);
  }
}

function copy(rest: string, placed: (path: string) => string, { context, roots }: Performance): void {
  const words = rest.split(/\s+/);
  const flags = new Map(
    words.filter((each) => each.startsWith('--')).map((each) => each.split('=', 2) as [string, string]),
  );
  const [target, ...sources] = words.filter((each) => !each.startsWith('--')).reverse() as [string, ...string[]];
  const into = target.endsWith('/') || sources.length > 1;
  const from = flags.get('--from');
  for (const source of sources) {
    const made =
      from === undefined
        ? copyOfContext(source, placed(target), into, context)
        : copyTree(join(roots.get(from)!, source), placed(target), into);
    const [uid, gid] = (flags.get('--chown') ?? '').split(':').map(Number);
    if (uid !== undefined && gid !== undefined && process.getuid?.() === 0) chownSync(made, uid, gid);
  }
}

/** A folder's content goes into the target, a file into it or in its place. */
function copyOfContext(
  source: string,
  target: string,
  into: boolean,
  { folder, files }: Performance['context'],
): string {
  const wanted = source === '.' ? files : files.filter((each) => isIn(each, source));
  if (wanted.length === 0) throw new Error(`COPY ${source}: .dockerignore leaves nothing of it`);
  for (const path of wanted) {
    const below = source === '.' ? path : posix.relative(source, path) || (into ? basename(path) : '');
    copyTree(join(folder, path), join(target, below), false);
  }
  return target;
}

const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

function copyTree(source: string, target: string, into: boolean): string {
  const made = into ? join(target, basename(source)) : target;
  mkdirSync(dirname(made), { recursive: true });
  cpSync(source, made, { recursive: true });
  return made;
}

function run(command: string, cwd: string, env: Readonly<Record<string, string>>): void {
  // As in a new container, but packages that npm has on this machine are not fetched again.
  const own = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', npm_config_prefer_offline: 'true' };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd,
    env: { ...own, ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`RUN ${command}: ended with ${status}\n${stdout}${stderr}`);
}
