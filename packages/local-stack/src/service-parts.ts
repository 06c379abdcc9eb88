import { createHash } from 'node:crypto';
import { get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Part } from './processes/part.ts';

const readyTimeoutMs = 60_000;
const readyAnswerMs = 1_000;
/**
 * A service drains within 20 s; one that is killed earlier does not leave its consumer groups and loses its last
 * commits.
 */
const stopGraceMs = 20_500;
const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** A service of the stack, or one of its instances. */
export type ServiceSpec = Readonly<{
  name: string;
  /** The offset of its port from the port base. The console comes first. */
  portOffset: number;
  /** Its number, from 1, where several run. */
  instance?: number;
}>;

/** Returns the name of a service, with the number of the instance where several run: `delivery`, `delivery-2`. */
export const instanceName = ({ name, instance }: ServiceSpec): string =>
  instance === undefined ? name : `${name}-${instance}`;

/**
 * The program of a process: a JavaScript file, or one that Node can run with `nodeArgs`. With `settingsFromInput` it is
 * started before its settings are known, to load its code meanwhile, and reads them from its standard input.
 */
export type Program = Readonly<{ entry: string; nodeArgs?: readonly string[]; settingsFromInput?: true }>;

/** A process of the stack and the services that it runs. */
export type ServiceProcess = Readonly<{ name: string; services: readonly ServiceSpec[]; program: Program }>;

/** The offset of the console's operator port from its public port. */
export const operatorOffset = 7;

/** Returns the URL at which a service listens. */
export function serviceUrl(host: string, portBase: number, spec: ServiceSpec): string {
  return `http://${host}:${portBase + spec.portOffset}`;
}

/** The properties of the stack that every service receives. */
export type ServiceSurroundings = Readonly<{
  host: string;
  portBase: number;
  services: readonly ServiceSpec[];
  brokers: readonly string[];
  replicationFactor: number;
  mongodbUri: string;
  adminKey: string;
  workspaceId: string;
  sealingKeys: string;
  /** Folder of the object storage. */
  objectFolder: string;
  /** Folder of the spool of ingress. */
  spoolFolder: string;
}>;

/** Returns the instances of the console. */
export const consolesOf = (services: readonly ServiceSpec[]): readonly ServiceSpec[] =>
  services.filter(({ name }) => name === 'console');

/** Lists every socket of the stack: if loopback is an allowed network, none of them may be an endpoint. */
function listenersOf({ host, portBase, services, brokers, mongodbUri }: ServiceSurroundings): string[] {
  const own = services.map((spec) => new URL(serviceUrl(host, portBase, spec)).host);
  for (const { portOffset } of consolesOf(services))
    own.push(`${host}:${portBase + portOffset + operatorOffset}`);
  // A URI with several hosts is no valid URL in the standard.
  const database = /^mongodb:\/\/(?:[^@/]*@)?(?<hosts>[^/?]+)/.exec(mongodbUri)?.groups?.['hosts'];
  return [...own, ...brokers, ...(database?.split(',') ?? [])];
}

/** Returns the id that marks this stack's own deliveries: as random as the sealing keys, without revealing them. */
const loopIdOf = ({ sealingKeys }: ServiceSurroundings): string =>
  createHash('sha256').update(`loop ${sealingKeys}`).digest('base64url').slice(0, 22);

/** Returns the key of browser sessions, which stay signed in when the stack is restarted. */
const derivedKey = ({ sealingKeys }: ServiceSurroundings): string =>
  createHash('sha256').update(`session ${sealingKeys}`).digest('base64');

/**
 * Returns the setting of a secret. Each process reads a file that the caller names when it starts, so a restart takes over
 * what has changed in it.
 */
const secretSetting = (name: string, value: string, own: NodeJS.ProcessEnv): Record<string, string> => {
  const file = own[`${name}_FILE`]?.trim() ?? '';
  return file === '' ? { [name]: value } : { [`${name}_FILE`]: file };
};

/** The settings that decide which code a process loads. */
const codeSettings = ({ services }: ServiceProcess, own: NodeJS.ProcessEnv): Record<string, string> => ({
  NODE_ENV: own['NODE_ENV'] ?? 'production',
  SERVICES: services.map(({ name }) => name).join(','),
});

/**
 * Returns the environment of a process. The caller's values take precedence for settings that a caller may choose; the
 * stack sets the addresses.
 */
export function processEnvironment(
  process: ServiceProcess,
  around: ServiceSurroundings,
  own: NodeJS.ProcessEnv,
): Record<string, string> {
  const { services } = process;
  const names = new Set(services.map(({ name }) => name));
  const environment: Record<string, string> = {
    ...codeSettings(process, own),
    KAFKA_BROKERS: around.brokers.join(','),
    MONGODB_URI: around.mongodbUri,
    ...secretSetting('SEALING_KEYS', around.sealingKeys, own),
    DANGEROUSLY_ALLOWED_NETWORKS: own['DANGEROUSLY_ALLOWED_NETWORKS'] ?? '127.0.0.0/8,::1/128',
    ALLOW_HTTP_ENDPOINTS: own['ALLOW_HTTP_ENDPOINTS'] ?? 'true',
    OWN_LISTENERS: [...listenersOf(around), ...(own['OWN_LISTENERS']?.split(',') ?? [])].join(','),
    LOOP_ID: own['LOOP_ID'] ?? loopIdOf(around),
    // The console is a proxy before the other services and sends them the caller's address. The caller configures the
    // proxies before the console. Services in the console's process trust it without this setting.
    TRUSTED_PROXIES: names.has('console') ? (own['TRUSTED_PROXIES'] ?? '') : 'loopback',
    REPLICATION_FACTOR: String(around.replicationFactor),
  };
  // The console, which looks at /ready every second, takes it out before it stops accepting.
  if (services.some(({ instance }) => instance !== undefined))
    environment['DRAIN_DELAY'] = own['DRAIN_DELAY'] ?? '3s';
  for (const { name, portOffset } of services) {
    environment[`${name.toUpperCase()}_HOST`] = around.host;
    environment[`${name.toUpperCase()}_PORT`] = String(around.portBase + portOffset);
  }
  if (['history', 'ingress', 'fanout', 'delivery'].some((name) => names.has(name))) {
    environment['OBJECT_STORAGE_FOLDER'] = own['OBJECT_STORAGE_FOLDER'] ?? around.objectFolder;
  }
  if (names.has('ingress')) {
    const ingress = services.find(({ name }) => name === 'ingress');
    environment['INGRESS_SPOOL_DIR'] = spoolOf(
      own['INGRESS_SPOOL_DIR'] ?? around.spoolFolder,
      ingress?.instance,
    );
  }
  // Every other service reads its keys from the access topic.
  if (names.has('subscription')) {
    Object.assign(environment, secretSetting('ADMIN_KEY', around.adminKey, own));
    environment['WORKSPACE_ID'] = around.workspaceId;
    environment['WORKSPACE_POLICY'] = own['WORKSPACE_POLICY'] ?? 'open';
    const [console] = consolesOf(around.services);
    const portal =
      own['PORTAL_URL'] ?? (console && `${serviceUrl(around.host, around.portBase, console)}/portal`);
    if (portal !== undefined) environment['PORTAL_URL'] = portal;
  }
  if (!names.has('console')) return environment;
  return { ...environment, ...consoleSettings(process, around, own) };
}

function consoleSettings(
  { services }: ServiceProcess,
  around: ServiceSurroundings,
  own: NodeJS.ProcessEnv,
): Record<string, string> {
  const [console] = consolesOf(services);
  const operatorPort = around.portBase + (console?.portOffset ?? 0) + operatorOffset;
  const urls: Record<string, string> = {};
  for (const spec of around.services) {
    if (spec.name === 'console') continue;
    const name = `${spec.name.toUpperCase()}_URL`;
    const url = serviceUrl(around.host, around.portBase, spec);
    urls[name] = urls[name] === undefined ? url : `${urls[name]},${url}`;
  }
  return {
    ...secretSetting(
      'CONSOLE_SESSION_KEYS',
      own['CONSOLE_SESSION_KEYS'] ?? `local:${derivedKey(around)}`,
      own,
    ),
    CONSOLE_OPERATOR_HOST: around.host,
    CONSOLE_OPERATOR_PORT: String(operatorPort),
    ...urls,
  };
}

/** Returns the folder of the spool of an instance: the first has the one of a single instance. */
const spoolOf = (folder: string, instance = 1): string => (instance === 1 ? folder : `${folder}-${instance}`);

/**
 * Returns a process as a {@link Part}: ready when GET /ready of each of its services responds 200. `around` is awaited
 * for its settings.
 */
export function servicePart(options: {
  process: ServiceProcess;
  place: Pick<ServiceSurroundings, 'host' | 'portBase'>;
  around: Promise<ServiceSurroundings>;
  own: NodeJS.ProcessEnv;
  logDir: string;
  onSpawn: (part: Part) => void;
}): Part {
  const { place, own, logDir, onSpawn } = options;
  const { name, services, program } = options.process;
  const urls = services.map((spec) => `${serviceUrl(place.host, place.portBase, spec)}/ready`);
  const settings = async () => processEnvironment(options.process, await options.around, own);
  return new Part({
    process: {
      name,
      command: process.execPath,
      args: [
        ...(program.nodeArgs ?? []),
        program.entry,
        ...(program.settingsFromInput ? ['--settings-from-input'] : []),
      ],
      ...(program.settingsFromInput
        ? {
            env: async () => codeSettings(options.process, own),
            input: async () => JSON.stringify(await settings()),
          }
        : { env: settings }),
      cwd: repository,
      logFile: join(logDir, `${name}.log`),
    },
    isReady: async () => (await Promise.all(urls.map(answersOk))).every((isOk) => isOk),
    readyTimeoutMs,
    stopGraceMs,
    onSpawn,
  });
}

function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: readyAnswerMs, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
  });
}
