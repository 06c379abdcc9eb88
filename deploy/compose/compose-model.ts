import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The repository folder, with a trailing slash. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

export const readText = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** Parses YAML and resolves merge keys, as Compose does. */
export const readYaml = (path: string): unknown => parse(readText(path), { merge: true });

/** The names of the folders under services/. */
export const serviceNames: readonly string[] = readdirSync(`${root}services`)
  .filter((folder) => folder !== 'server')
  .sort();

/** The checked fields of a service in the compose file. */
export type ComposeService = Readonly<{
  image: string;
  build?: { context: string; dockerfile: string };
  command?: readonly string[];
  user?: string;
  read_only?: boolean;
  cap_drop?: readonly string[];
  tmpfs?: readonly string[];
  stop_grace_period?: string;
  networks?: readonly string[];
  ports?: readonly string[];
  volumes?: readonly string[];
  depends_on?: Readonly<Record<string, { condition: string }>>;
  environment?: Readonly<Record<string, string>>;
  healthcheck?: { test?: readonly string[]; disable?: boolean };
}>;

export type ComposeFile = Readonly<{
  services: Readonly<Record<string, ComposeService>>;
  networks: Readonly<Record<string, { internal?: boolean }>>;
  volumes: Readonly<Record<string, unknown>>;
}>;

/** Reads the compose file before variables are interpolated. */
export const readCompose = (): ComposeFile => readYaml('docker-compose.yml') as ComposeFile;

const variable = /\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g;

/** Interpolates variables as Compose does: `${NAME:-default}`, and `${NAME:?message}`, which throws its message. */
const interpolate = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replace(variable, (...groups: string[]) => {
    const [, name = '', kind, rest] = groups;
    const value = env[name] ?? '';
    if (value !== '') return value;
    if (kind === '?') throw new Error(`${name}: ${rest}`);
    return rest ?? '';
  });

/** Returns every required variable with its message. */
export const requiredVariables = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(variable)]
      .filter(([, , kind]) => kind === '?')
      .map(([, name, , rest]) => [name ?? '', rest ?? '']),
  );

/** Returns the environment of a service with variables interpolated. */
export const environmentOf = (
  service: ComposeService | undefined,
  env: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service?.environment ?? {}).map(([name, text]) => [name, interpolate(text, env)]),
  );
