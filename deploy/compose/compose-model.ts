import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { tidingsProcesses } from '../../packages/local-stack/src/tidings-processes.ts';
import { type ServiceName, serviceNames } from '../../services/server/src/select-services.ts';

/** The repository folder, with a trailing slash. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

export const readText = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** Parses YAML and resolves merge keys, as Compose does. */
export const readYaml = (path: string): unknown => parse(readText(path), { merge: true });

/** The forms of the stack: the services in two containers, or each in its own. */
export const forms = ['split', 'separate'] as const;

export type Form = (typeof forms)[number];

/** The compose files of each form, in the order in which `docker compose -f … -f …` reads them. */
export const composeFiles: Readonly<Record<Form, readonly string[]>> = {
  split: ['docker-compose.yml'],
  separate: ['docker-compose.yml', 'deploy/compose/separate.yml'],
};

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
  profiles?: readonly string[];
  depends_on?: Readonly<Record<string, { condition: string }>>;
  environment?: Readonly<Record<string, string>>;
  healthcheck?: { test?: readonly string[]; disable?: boolean };
}>;

export type ComposeFile = Readonly<{
  services: Readonly<Record<string, ComposeService>>;
  networks: Readonly<Record<string, { internal?: boolean }>>;
  volumes: Readonly<Record<string, unknown>>;
}>;

/**
 * Reads the compose files of a form before variables are interpolated, without the services of a profile, which nothing
 * enables.
 */
export function readCompose(form: Form): ComposeFile {
  const [base, override] = composeFiles[form].map((file) => readYaml(file) as ComposeFile);
  if (base === undefined) throw new Error(`no compose file for ${form}`);
  const services = override === undefined ? base.services : overridden(base.services, override.services);
  const enabled = Object.entries(services).filter(([, { profiles }]) => profiles === undefined);
  return { ...base, services: Object.fromEntries(enabled) };
}

type Services = ComposeFile['services'];

/** Merges services as Compose does: a mount replaces that of the same path in the container. */
function overridden(base: Services, override: Services): Services {
  const changed = Object.entries(override).map(([name, { profiles, volumes, ...rest }]) => {
    const old = base[name];
    if (old === undefined) return [name, override[name]];
    if (Object.keys(rest).length > 0)
      throw new Error(`${name}: merge ${Object.keys(rest).join()} here as well`);
    const mounts = new Map([...(old.volumes ?? []), ...(volumes ?? [])].map((text) => [pathIn(text), text]));
    return [name, { ...old, volumes: [...mounts.values()], ...(profiles === undefined ? {} : { profiles }) }];
  });
  return { ...base, ...(Object.fromEntries(changed) as Services) };
}

const pathIn = (mount: string): string => mount.split(':')[1] ?? '';

/** A container and the services that it runs. */
export type Container = Readonly<{ form: Form; name: string; services: readonly ServiceName[] }>;

/** The containers of Tidings' services in both forms. */
export const containers: readonly Container[] = [
  ...tidingsProcesses('split').map(
    ({ name, services }): Container => ({
      form: 'split',
      name,
      services: serviceNames.filter((one) => services.some(({ name: own }) => own === one)),
    }),
  ),
  ...serviceNames.map((name): Container => ({ form: 'separate', name, services: [name] })),
];

const variable = /\$\{([A-Z0-9_]+)(?:(:?[-?])([^}]*))?\}/g;

/**
 * Interpolates variables as Compose does: `${NAME:-default}`, `${NAME-default}`, whose default an empty value replaces, and
 * `${NAME:?message}`, which throws its message.
 */
const interpolate = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replace(variable, (...groups: string[]) => {
    const [, name = '', kind, rest] = groups;
    const value = env[name] ?? '';
    if (value !== '' || (kind === '-' && name in env)) return value;
    if (kind === ':?') throw new Error(`${name}: ${rest}`);
    return rest ?? '';
  });

/** Returns every required variable with its message. */
export const requiredVariables = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(variable)]
      .filter(([, , kind]) => kind === ':?')
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
