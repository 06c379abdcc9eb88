import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { type JavaTools, javaLaunch, prepareJava } from '../java/java-tools.ts';
import { freePorts, requireFreePorts } from '../ports.ts';
import { type Launch, Part, type PartSpec } from '../processes/part.ts';

// At rest 10 MB are live. With a young generation of 8 MB a flood spends four times as long collecting.
const heapArgs = ['-Xms32m', '-Xmn24m', '-Xmx512m'];
const readyTimeoutMs = 60_000;
const stopGraceMs = 10_000;
const embeddedFile = 'embedded.mv';
const mongodFolder = 'mongod';

/** Options of the database. */
export type MongoOptions = Readonly<{
  dataDir: string;
  /** Default: `dataDir`. */
  logDir?: string;
  /** Default: any free port. */
  port?: number;
  /** Default: 127.0.0.1. */
  host?: string;
  /** Default `auto`: the kind that created the existing data; else a `mongod` on the PATH; else the embedded server. */
  kind?: 'auto' | 'mongod' | 'embedded';
  /** Default: {@link prepareJava}. Not needed for a `mongod`. */
  java?: JavaTools;
  /** The setting that an error message names when the port is in use. */
  portSetting?: string;
  /** Prints a line on the terminal. */
  print?: (line: string) => void;
  /** Runs at every start of its process. */
  onSpawn?: (part: Part) => void;
}>;

/** A running database: a {@link Part} with the URI for clients. */
export type Mongo = Part & Readonly<{ url: string; kind: 'mongod' | 'embedded' }>;

class MongoPart extends Part {
  readonly url: string;
  readonly kind: 'mongod' | 'embedded';

  constructor(spec: PartSpec, url: string, kind: 'mongod' | 'embedded') {
    super(spec);
    this.url = url;
    this.kind = kind;
  }
}

/**
 * Starts a MongoDB on `dataDir` and resolves when it accepts connections. Both kinds preserve acknowledged writes after
 * kill -9: the embedded server commits before it responds, and the URI requires a `mongod` to journal them.
 * @throws AppError: `conflict` (port in use), `unavailable` or `timeout` (it did not start)
 */
export async function startMongo(options: MongoOptions): Promise<Mongo> {
  const { dataDir, logDir = dataDir, host = '127.0.0.1', portSetting = 'port' } = options;
  const port = options.port ?? (await freePorts(host, 1))[0] ?? 0;
  await requireFreePorts(host, [{ port, purpose: 'MongoDB' }], portSetting);
  mkdirSync(dataDir, { recursive: true });
  const kind = await chooseKind(options);
  const place = { host, port, dataDir, logDir };
  const { command, args, launch } =
    kind === 'mongod' ? mongodCommand(place) : embeddedCommand(place, options.java ?? (await prepareJava()));
  const part = new MongoPart(
    {
      process: { name: 'mongodb', command, args, logFile: join(logDir, 'mongodb.log') },
      launch,
      print: options.print,
      isReady: () => accepts(host, port),
      readyTimeoutMs,
      stopGraceMs,
      onSpawn: options.onSpawn,
    },
    `mongodb://${host}:${port}/${kind === 'mongod' ? '?journal=true' : ''}`,
    kind,
  );
  await part.start();
  return part;
}

/**
 * Returns the kind to start. Data of one kind is invisible to the other, so existing data takes precedence over
 * installed programs.
 */
async function chooseKind({ kind = 'auto', dataDir }: MongoOptions): Promise<'mongod' | 'embedded'> {
  if (kind !== 'auto') return kind;
  if (existsSync(join(dataDir, embeddedFile))) return 'embedded';
  if (existsSync(join(dataDir, mongodFolder))) return 'mongod';
  return new Promise((resolve) => {
    execFile('mongod', ['--version'], (error) => resolve(error === null ? 'mongod' : 'embedded'));
  });
}

type Place = Readonly<{ host: string; port: number; dataDir: string; logDir: string }>;
type Command = Readonly<{ command: string; args: readonly string[]; launch?: () => Launch }>;

function mongodCommand({ host, port, dataDir }: Place): Command {
  const folder = join(dataDir, mongodFolder);
  mkdirSync(folder, { recursive: true });
  const args = [
    '--dbpath',
    folder,
    '--bind_ip',
    host,
    '--port',
    String(port),
    '--wiredTigerCacheSizeGB',
    '0.5',
  ];
  return { command: 'mongod', args };
}

function embeddedCommand({ host, port, dataDir, logDir }: Place, java: JavaTools): Command {
  const file = join(dataDir, embeddedFile);
  const main = ['EmbeddedMongo', host, String(port), file];
  const launch = (): Launch => javaLaunch(java, { program: 'mongodb', heapArgs, main, logDir });
  return { command: java.java, args: [], launch };
}

async function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
