import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { root as repository } from '../local/bootstrap.mjs';
import { UserError } from '../local/options.mjs';

/** What a stage takes from this machine in place of the base image: its programs, and the settings of its registries. */
const system = [
  'bin',
  'sbin',
  'lib',
  'lib64',
  'usr',
  'etc',
  'opt',
  'proc',
  'dev',
  'sys',
  'tmp',
  'root',
  'var',
];

/** Returns the instructions of a Dockerfile, each as its name and its text, without comments. */
export const instructionsOf = (text) =>
  text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => [line.split(' ', 1)[0], line.replace(/^\S+\s+/, '')]);

/** Returns whether this machine allows what {@link runDockerfile} needs: containers often forbid namespaces of their own. */
export const canRunDockerfile = () =>
  process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'mount', '--bind', '/', '/']).status === 0;

/**
 * Runs the instructions of deploy/Dockerfile as they are written, each stage in a file system of its own in `folder`, without
 * Docker: the base image is this machine. It needs Linux and root. Returns the last stage, to run programs in.
 * @param {string} folder an empty folder
 */
export function runDockerfile(folder) {
  if (!canRunDockerfile())
    throw new UserError('The tests of the image need Linux, root and unshare (util-linux).');
  const stages = new Map();
  let stage;
  for (const [name, text] of instructionsOf(readFileSync(join(repository, 'deploy', 'Dockerfile'), 'utf8'))) {
    if (name === 'FROM') {
      const [from, , as] = text.split(' ');
      stage = { root: join(folder, as), place: '/', env: {}, user: '0:0', command: [], labels: '' };
      mkdirSync(stage.root);
      const parent = stages.get(from);
      if (parent !== undefined) {
        link(parent.root, stage.root);
        stage.place = parent.place;
      }
      stages.set(as, stage);
    } else if (stage === undefined || name === 'ARG') continue;
    else if (name === 'WORKDIR') stage.place = text;
    else if (name === 'ENV') Object.assign(stage.env, Object.fromEntries([text.split('=')]));
    else if (name === 'LABEL') stage.labels = text;
    else if (name === 'USER') stage.user = text;
    else if (name === 'CMD') stage.command = JSON.parse(text);
    else if (name === 'COPY') copy(stage, stages, text);
    else if (name === 'RUN') run(stage, text);
    else throw new Error(`deploy/Dockerfile: ${name} is not known here`);
  }
  return stage;
}

function copy(stage, stages, text) {
  const words = text.split(' ');
  const source = /^--from=(.+)$/.exec(words[0])?.[1];
  const [target, ...files] = (source === undefined ? words : words.slice(1)).reverse();
  for (const file of files) {
    const to = resolve(stage.place, target);
    if (source !== undefined) {
      const from = join(stages.get(source).root, resolve(stages.get(source).place, file));
      const isInto = to === stage.place && !/\/$|^\/[^.]*$/.test(file);
      link(from, join(stage.root, to, isInto ? file.split('/').at(-1) : ''));
    } else if (file === '.') {
      for (const one of contextFiles()) put(join(repository, one), join(stage.root, to, one));
    } else {
      const isFolder = target.endsWith('/') || target === './';
      put(join(repository, file), join(stage.root, to, isFolder ? file.split('/').at(-1) : ''));
    }
  }
}

function put(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

/** Copies from stage to stage by hard links: no instruction changes a file of an earlier stage in place. */
function link(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const { status, stderr } = spawnSync('cp', ['-alfT', from, to], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cp -alfT ${from} ${to}: ${stderr}`);
}

/** The files that Docker would receive: those of the repository, without what .dockerignore excludes. */
function contextFiles() {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const excluded = readFileSync(join(repository, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => /^[\w.]/.test(line));
  return stdout
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(repository, file)))
    .filter((file) => !excluded.some((one) => file === one || file.startsWith(`${one}/`)));
}

/** Has a shell mount the system into a stage and change into it; `$1` is the stage, `$2` ro or rw, `$3` the program. */
const enter = `set -eu
root=$1
for name in ${system.join(' ')}; do [ ! -d "/$name" ] || mkdir -p "$root/$name"; done
if [ "$2" = ro ]; then
  mkdir -p "$root/data"
  mount --bind "$root" "$root"
  mount --bind "$root/data" "$root/data"
  mount -o remount,ro,bind "$root"
fi
for name in ${system.join(' ')}; do [ ! -d "/$name" ] || mount --rbind "/$name" "$root/$name"; done
exec chroot "$root" sh -c "$3"`;

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function run(stage, text) {
  // What the stage installs for all goes into the stage and not into this machine.
  const program = `export npm_config_prefix=/global PATH=/global/bin:$PATH CI=true; cd ${stage.place}; ${text}`;
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', 'sh', '-c', enter, 'sh', stage.root, 'rw', program],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  if (status !== 0) throw new Error(`RUN ${text}\n${(stdout + stderr).trim().slice(-3_000)}`);
}

/**
 * Starts a program in the last stage as its user, on a read-only file system with /tmp and /data to write to, as the
 * chart and Compose run it.
 * @param {readonly string[]} command
 * @param {Readonly<Record<string, string>>} [env]
 */
export function startIn(stage, command, env = {}) {
  const [uid, gid] = stage.user.split(':');
  const program = `cd ${stage.place}; exec setpriv --reuid ${uid} --regid ${gid} --clear-groups --no-new-privs --bounding-set=-all ${command.map(quoted).join(' ')}`;
  const { PATH = '' } = process.env;
  const child = spawn('unshare', ['--mount', 'sh', '-c', enter, 'sh', stage.root, 'ro', program], {
    env: { PATH, HOME: '/tmp', ...stage.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise((done) => child.once('close', (code) => done({ code, output })));
  return { child, ended };
}
