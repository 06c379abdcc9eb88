import { existsSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { brokerProperties } from '../../packages/local-stack/src/broker-settings.ts';
import { keyRing, loadConfig, sharedSettings } from '../../packages/runtime/src/index.ts';
import {
  environmentOf,
  readCompose,
  readText,
  readYaml,
  requiredVariables,
  root,
  serviceNames,
} from './compose-model.ts';

const given = {
  ADMIN_KEY: 'a-key-of-sixteen-characters',
  MONGO_PASSWORD: 'secret',
  SEALING_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
  GRAFANA_PASSWORD: 'secret',
};
const portInside = '8080';
const compose = readCompose();
const dockerfile = readText('deploy/Dockerfile');

describe('docker-compose.yml', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  const isCompose = ajv.compile(JSON.parse(readText('deploy/compose/schema/compose-spec.json')) as object);

  it('conforms to the schema of the Compose Specification', () => {
    const isValid = isCompose(readYaml('docker-compose.yml'));
    expect(isCompose.errors ?? []).toEqual([]);
    expect(isValid).toBe(true);
  });

  it('does not conform with a misspelt field', () => {
    const { ingress } = compose.services;
    expect(isCompose({ ...compose, services: { ingress: { ...ingress, read_onyl: true } } })).toBe(false);
    expect(isCompose({ ...compose, services: { ingress: { ...ingress, ports: 8080 } } })).toBe(false);
  });

  it('refuses to start without its secrets and names the variable to set', () => {
    const required = requiredVariables(readText('docker-compose.yml'));
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
    expect(ports).toHaveLength(3);
    for (const port of ports) expect(port).toMatch(/^\$\{PUBLISH_ADDRESS:-127\.0\.0\.1\}:/);
    expect(compose.networks['data']?.internal).toBe(true);
    for (const store of ['kafka', 'mongo']) expect(compose.services[store]?.networks).toEqual(['data']);
  });

  it('runs Kafka with the settings of the local stack', () => {
    const place = { nodeId: 1, port: 9092, controllerPort: 9093, dataFolder: '/var/lib/kafka/data' };
    const local = brokerProperties('kafka', place, [place]);
    const settings = Object.entries(compose.services['kafka']?.environment ?? {}).flatMap(([name, value]) =>
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

  it('creates the topics once, before the services that use them start', () => {
    const { topics } = compose.services;
    const script = topics?.command?.[1] ?? '';
    expect(existsSync(`${root}${script}`)).toBe(true);
    expect(dockerfile).toContain(`COPY ${script} /app/deploy/`);
    const { kafkaBrokers, replicationFactor } = sharedSettings;
    const config = loadConfig({ kafkaBrokers, replicationFactor }, environmentOf(topics, given));
    expect(config).toEqual({ kafkaBrokers: ['kafka:9092'], replicationFactor: 1 });
    for (const name of serviceNames.filter((service) => service !== 'console')) {
      expect(compose.services[name]?.depends_on?.['topics']?.condition).toBe(
        'service_completed_successfully',
      );
    }
  });
});

describe.each(serviceNames)('the service %s', (name) => {
  const service = compose.services[name];

  it('runs its service from the one image', () => {
    expect(service).toMatchObject({
      image: 'tidings',
      build: { context: '.', dockerfile: 'deploy/Dockerfile' },
      environment: { SERVICES: name },
    });
  });

  it('has a read-only file system, does not run as root, and has time to drain', () => {
    expect(service).toMatchObject({ read_only: true, tmpfs: ['/tmp'], cap_drop: ['ALL'] });
    expect(Number(service?.user?.split(':')[0])).toBeGreaterThan(0);
    expect(Number.parseInt(service?.stop_grace_period ?? '', 10)).toBeGreaterThan(20);
  });

  it('has a readiness check on the port where it listens', () => {
    const [kind, node, flag, script = ''] = service?.healthcheck?.test ?? [];
    expect([kind, node, flag]).toEqual(['CMD', 'node', '-e']);
    expect(script).toContain(`http://127.0.0.1:${portInside}/ready`);
    expect(() => new Function(script)).not.toThrow();
    const prefix = name.toUpperCase();
    expect(service?.environment).toMatchObject({
      [`${prefix}_HOST`]: '0.0.0.0',
      [`${prefix}_PORT`]: portInside,
    });
  });

  it('sets only settings that the service declares, and all required ones', async () => {
    const { configSpec } = (await import(`../../services/${name}/src/config.ts`)) as {
      configSpec: Parameters<typeof loadConfig>[0];
    };
    const environment = environmentOf(service, given);
    expect(() => loadConfig(configSpec, environment)).not.toThrow();
    const known = [
      ...Object.values(configSpec).map(({ env }) => env),
      'SERVICES',
      'LOG_LEVEL',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    ];
    expect(Object.keys(environment).filter((variable) => !known.includes(variable))).toEqual([]);
    if (environment['SEALING_KEYS'] !== undefined) keyRing(environment['SEALING_KEYS']);
  });
});

describe('the console', () => {
  it('has the addresses of the other services', () => {
    const environment = environmentOf(compose.services['console'], given);
    for (const name of serviceNames.filter((other) => other !== 'console')) {
      expect(environment[`${name.toUpperCase()}_URL`]).toBe(`http://${name}:${portInside}`);
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
