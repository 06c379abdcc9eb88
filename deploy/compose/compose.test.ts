import { existsSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { brokerProperties } from '../../packages/local-stack/src/stores/broker-settings.ts';
import { type ConfigSpec, keyRing, loadConfig, sharedSettings } from '../../packages/runtime/src/index.ts';
import { type ServiceName, selectServices, serviceNames } from '../../services/server/src/select-services.ts';
import { serviceEnvironment } from '../../services/server/src/service-environment.ts';
import {
  composeFiles,
  containers,
  environmentOf,
  forms,
  readCompose,
  readText,
  readYaml,
  requiredVariables,
  root,
} from './compose-model.ts';

const given = {
  ADMIN_KEY: 'a-key-of-sixteen-characters',
  MONGO_PASSWORD: 'secret',
  SEALING_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
  GRAFANA_PASSWORD: 'secret',
};
const dockerfile = readText('deploy/Dockerfile');

const readConfigSpec = async (name: ServiceName): Promise<ConfigSpec> =>
  ((await import(`../../services/${name}/src/config.ts`)) as { configSpec: ConfigSpec }).configSpec;

describe('the compose files', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const isCompose = ajv.compile(JSON.parse(readText('deploy/compose/schema/compose-spec.json')) as object);

  it.each(composeFiles.separate)('%s conforms to the schema of the Compose Specification', (file) => {
    const isValid = isCompose(readYaml(file));
    expect(isCompose.errors ?? []).toEqual([]);
    expect(isValid).toBe(true);
  });

  it('do not conform with a misspelt field', () => {
    const { services, ...rest } = readCompose('separate');
    const { ingress } = services;
    expect(isCompose({ ...rest, services: { ingress } })).toBe(true);
    expect(isCompose({ ...rest, services: { ingress: { ...ingress, read_onyl: true } } })).toBe(false);
    expect(isCompose({ ...rest, services: { ingress: { ...ingress, ports: 8080 } } })).toBe(false);
  });

  it('differ in the containers of the services only', () => {
    const [split, separate] = forms.map((form) => Object.keys(readCompose(form).services));
    const others = split?.filter((name) => !containers.some((one) => one.name === name)) ?? [];
    expect(others).toHaveLength(6);
    expect([...(separate ?? [])].sort()).toEqual([...others, ...serviceNames].sort());
  });

  it('run Kafka with the settings of the local stack', () => {
    const place = { nodeId: 1, port: 9092, controllerPort: 9093, dataFolder: '/var/lib/kafka/data' };
    const local = brokerProperties('kafka', place, [place]);
    const { kafka } = readCompose('split').services;
    const settings = Object.entries(kafka?.environment ?? {}).flatMap(([name, value]) =>
      name.startsWith('KAFKA_') ? [[name.slice(6).toLowerCase().replaceAll('_', '.'), value]] : [],
    );
    const here = Object.fromEntries(settings) as Record<string, string>;
    expect(here).toMatchObject({
      'offsets.retention.minutes': '43200',
      'auto.create.topics.enable': 'false',
    });
    for (const [name, value] of Object.entries(here)) {
      // Inside a container the broker listens on every address; elsewhere on the advertised one.
      expect(name === 'listeners' ? value.replaceAll('://:', '://kafka:') : value, name).toBe(local[name]);
    }
  });
});

describe.each(forms)('the stack with services %s', (form) => {
  const compose = readCompose(form);
  const names = containers.filter((container) => container.form === form).map(({ name }) => name);

  it('refuses to start without its secrets and names the variable to set', () => {
    const required = requiredVariables(composeFiles[form].map(readText).join('\n'));
    expect([...required.keys()].sort()).toEqual(Object.keys(given).sort());
    for (const [name, message] of required) expect(message).toMatch(new RegExp(`^set ${name} to `));
    for (const service of Object.values(compose.services)) {
      for (const [name, value] of Object.entries(service.environment ?? {})) {
        if (/PASSWORD|ADMIN_KEY|SEALING_KEYS/.test(name)) expect(value).toContain(':?');
      }
    }
  });

  it('defines every network, volume, file and service that it names', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      for (const network of service.networks ?? []) expect(Object.keys(compose.networks)).toContain(network);
      for (const other of Object.keys(service.depends_on ?? {}))
        expect(compose.services).toHaveProperty(other);
      for (const volume of service.volumes ?? []) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) expect(existsSync(`${root}${source}`), `${name}: ${source}`).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('publishes ports on the loopback address only by default', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports).toHaveLength(4);
    for (const port of ports) expect(port).toMatch(/^\$\{PUBLISH_ADDRESS:-127\.0\.0\.1\}:/);
    expect(compose.networks['data']?.internal).toBe(true);
    for (const store of ['kafka', 'mongo']) expect(compose.services[store]?.networks).toEqual(['data']);
  });

  it('publishes the public port of the console', () => {
    const published = names.flatMap((name) => compose.services[name]?.ports ?? []);
    expect(published).toEqual([expect.stringMatching(/:8080$/)]);
  });

  it('creates the topics once, before the services that use them start', () => {
    const { topics } = compose.services;
    const script = topics?.command?.[1] ?? '';
    expect(existsSync(`${root}${script}`)).toBe(true);
    expect(dockerfile).toContain(`COPY ${script} /app/deploy/`);
    const { kafkaBrokers, replicationFactor } = sharedSettings;
    const config = loadConfig({ kafkaBrokers, replicationFactor }, environmentOf(topics, given));
    expect(config).toEqual({ kafkaBrokers: ['kafka:9092'], replicationFactor: 1 });
    for (const name of names.filter((container) => container !== 'console')) {
      expect(compose.services[name]?.depends_on?.['topics']?.condition).toBe(
        'service_completed_successfully',
      );
    }
  });

  it('excludes every container of the installation from the endpoints', () => {
    const listeners = names.flatMap((name) => {
      const { OWN_LISTENERS } = environmentOf(compose.services[name], given);
      return OWN_LISTENERS === undefined ? [] : [OWN_LISTENERS.split(',')];
    });
    expect(listeners.length).toBeGreaterThan(0);
    for (const list of listeners)
      expect([...list].sort()).toEqual([...names, '0.0.0.0', 'kafka:9092', 'mongo:27017'].sort());
  });
});

/** Runs a health check with the given statuses of its requests. Returns its exit code and the ports. */
async function check(script: string, isOk: (port: string) => boolean | Error) {
  const ports: string[] = [];
  const fetchReady = async (url: string) => {
    const port = /^http:\/\/127\.0\.0\.1:(\d+)\/ready$/.exec(url)?.[1] ?? url;
    ports.push(port);
    const ok = isOk(port);
    if (ok instanceof Error) throw ok;
    return { ok };
  };
  const code = await new Promise<number>((exit) =>
    new Function('fetch', 'process', script)(fetchReady, { exit }),
  );
  return { code, ports };
}

describe.each(containers)('the container $name, services $form', ({ form, name, services }) => {
  const service = readCompose(form).services[name];
  const environment = environmentOf(service, given);
  const portOf = (one: ServiceName) => environment[`${one.toUpperCase()}_PORT`] ?? '';

  it('runs its services from the one image', () => {
    expect(service).toMatchObject({
      image: 'tidings',
      build: { context: '.', dockerfile: 'deploy/Dockerfile' },
    });
    expect(selectServices(environment)).toEqual(services);
  });

  it('has a read-only file system, does not run as root, and has time to drain', () => {
    expect(service).toMatchObject({ read_only: true, tmpfs: ['/tmp'], cap_drop: ['ALL'] });
    expect(Number(service?.user?.split(':')[0])).toBeGreaterThan(0);
    expect(Number.parseInt(service?.stop_grace_period ?? '', 10)).toBeGreaterThan(20);
  });

  it('has a readiness check of every service on the port where it listens', async () => {
    const [kind, node, flag, script = ''] = service?.healthcheck?.test ?? [];
    expect([kind, node, flag]).toEqual(['CMD', 'node', '-e']);
    const ports = services.map(portOf);
    expect(await check(script, () => true)).toEqual({ code: 0, ports });
    for (const port of ports) {
      expect((await check(script, (asked) => asked !== port)).code).toBe(1);
      expect((await check(script, (asked) => asked !== port || new Error('refused'))).code).toBe(1);
    }
  });

  it('listens on the network only for what other containers call', () => {
    const open = services.filter((one) => environment[`${one.toUpperCase()}_HOST`] === '0.0.0.0');
    const isCalled = (one: ServiceName) => one === 'console' || !services.includes('console');
    expect(open).toEqual(services.filter(isCalled));
    expect(portOf(open[0] ?? 'console')).toBe('8080');
    expect(new Set(services.map(portOf)).size).toBe(services.length);
  });

  it('sets only settings that its services declare, and all required ones', async () => {
    const known = ['SERVICES', 'LOG_LEVEL', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
    known.push('OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG');
    for (const one of services) {
      const spec = await readConfigSpec(one);
      expect(() => loadConfig(spec, serviceEnvironment(one, services, environment))).not.toThrow();
      known.push(...Object.values(spec).map(({ env }) => env));
    }
    expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);
    if (environment['SEALING_KEYS'] !== undefined) keyRing(environment['SEALING_KEYS']);
  });
});

describe.each(forms)('ingress with services %s', (form) => {
  const own = containers.find((one) => one.form === form && one.services.includes('ingress'));
  const service = readCompose(form).services[own?.name ?? ''];

  it('has its spool on a volume of its own, in a folder that its user may write to', () => {
    const { INGRESS_SPOOL_DIR: folder } = environmentOf(service, given);
    expect(service?.volumes).toEqual([`spool:${folder}`]);
    expect(readCompose(form).volumes).toHaveProperty('spool');
    const holders = Object.values(readCompose(form).services).filter(({ volumes = [] }) =>
      volumes.some((volume) => volume.startsWith('spool:')),
    );
    expect(holders).toEqual([service]);
    const [, folders = ''] = new RegExp(`chown ${service?.user} (.+)$`, 'm').exec(dockerfile) ?? [];
    expect(folders.split(' ')).toContain(folder);
    expect(dockerfile).toMatch(new RegExp(`mkdir -p .*${folder}\\b`));
  });

  it('has no spool with INGRESS_SPOOL_DIR= in .env, as several instances must not share one', async () => {
    const environment = environmentOf(service, { ...given, INGRESS_SPOOL_DIR: '' });
    const config = loadConfig(
      await readConfigSpec('ingress'),
      serviceEnvironment('ingress', ['ingress'], environment),
    );
    expect(config['spoolDir']).toBeUndefined();
  });
});

describe.each(forms)('the console with services %s', (form) => {
  it('has the addresses of the other services', () => {
    const own = containers.find((one) => one.form === form && one.services.includes('console'));
    const environment = environmentOf(readCompose(form).services[own?.name ?? ''], given);
    const urls = serviceEnvironment('console', own?.services ?? [], environment);
    for (const other of serviceNames.filter((name) => name !== 'console')) {
      const prefix = other.toUpperCase();
      const place = containers.find((one) => one.form === form && one.services.includes(other));
      const port = environmentOf(readCompose(form).services[place?.name ?? ''], given)[`${prefix}_PORT`];
      const host = `${place === own ? '127.0.0.1' : place?.name}:${port}`;
      expect(urls[`${prefix}_URL`]).toBe(`http://${host}`);
    }
  });
});

describe('deploy/Dockerfile', () => {
  it('uses a Node version that the packages support, and a numeric user id', () => {
    const major = Number(/NODE_IMAGE=node:(\d+)-/.exec(dockerfile)?.[1]);
    const { engines } = JSON.parse(readText('package.json')) as { engines: { node: string } };
    expect(major).toBeGreaterThanOrEqual(Number(/^>=(\d+)/.exec(engines.node)?.[1]));
    expect(dockerfile).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  });

  it('installs from the lockfile, and ships no development dependencies and no tests', () => {
    const installs = [...dockerfile.matchAll(/pnpm install.*/g)].map(([line]) => line);
    expect(installs).toHaveLength(2);
    for (const line of installs) expect(line).toContain('--frozen-lockfile');
    expect(installs[1]).toContain('--prod --filter-prod');
    expect(dockerfile).toContain("-name '*.test.js'");
  });

  it('copies only files that exist and that .dockerignore does not exclude', () => {
    const ignored = readText('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) =>
      files.split(' '),
    );
    expect(copied).toContain('deploy/create-topics.mjs');
    for (const file of copied) expect(existsSync(`${root}${file}`), file).toBe(true);
    for (const needed of ['packages', 'services', 'deploy', 'patches', 'package.json', 'pnpm-lock.yaml']) {
      expect(ignored).not.toContain(needed);
    }
  });
});
