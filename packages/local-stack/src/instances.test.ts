import { expect, test } from 'vitest';

import type { Instances } from './instances.ts';
import { describeStack } from './local-state.ts';
import { metricsTargets } from './monitoring/prometheus-config.ts';
import { instanceName, processEnvironment } from './service-parts.ts';
import { type ProcessForm, tidingsProcesses } from './tidings-processes.ts';

const place = { host: '127.0.0.1', portBase: 8_700 };

const shape = (form: ProcessForm, instances: Instances) =>
  tidingsProcesses(form, { instances }).map(
    ({ name, services }) => `${name}: ${services.map(instanceName).join(' ')}`,
  );

const aroundOf = (instances: Instances) => ({
  ...place,
  services: tidingsProcesses('split', { instances }).flatMap(({ services }) => services),
  brokers: ['127.0.0.1:1'],
  replicationFactor: 1,
  mongodbUri: 'mongodb://127.0.0.1:3/',
  adminKey: 'key_admin_x',
  workspaceId: 'ws_demo',
  sealingKeys: 'local1:x',
  objectFolder: '/data/objects',
  spoolFolder: '/data/spool',
});

const environmentOf = (name: string, instances: Instances, own = {}) => {
  const process = tidingsProcesses('split', { instances }).find((one) => one.name === name);
  if (process === undefined) throw new Error(`no process ${name}`);
  return processEnvironment(process, aroundOf(instances), own);
};

test('a number applies to each process, and the console runs once before them', () => {
  expect(shape('split', 2)).toEqual([
    'console: console',
    'pipeline-1: ingress-1 fanout-1 delivery-1',
    'pipeline-2: ingress-2 fanout-2 delivery-2',
    'management-1: subscription-1 history-1',
    'management-2: subscription-2 history-2',
  ]);
  expect(shape('together', 2).map((line) => line.split(':')[0])).toEqual([
    'console',
    'tidings-1',
    'tidings-2',
  ]);
  expect(shape('separate', 2).slice(0, 3)).toEqual([
    'console: console',
    'ingress-1: ingress-1',
    'ingress-2: ingress-2',
  ]);
});

test('one instance of all keeps the names', () => {
  expect(shape('split', 1)).toEqual([
    'pipeline: console ingress fanout delivery',
    'management: subscription history',
  ]);
});

test('a service that is named has processes of its own', () => {
  expect(shape('split', { delivery: 2, pipeline: 2 })).toEqual([
    'console: console',
    'delivery-1: delivery-1',
    'delivery-2: delivery-2',
    'pipeline-1: ingress-1 fanout-1',
    'pipeline-2: ingress-2 fanout-2',
    'management: subscription history',
  ]);
  expect(shape('split', { console: 2 }).slice(0, 3)).toEqual([
    'console-1: console-1',
    'console-2: console-2',
    'pipeline: ingress fanout delivery',
  ]);
  expect(() => shape('separate', { pipeline: 2 })).toThrow(
    "--instances must name processes or services (console, ingress, subscription, history, fanout, delivery), got 'pipeline'.",
  );
});

test('no two of eight instances share a port', () => {
  const ports = aroundOf({ pipeline: 8, management: 8, console: 8 }).services.flatMap(
    ({ name, portOffset }) => (name === 'console' ? [portOffset, portOffset + 7] : [portOffset]),
  );
  expect(new Set(ports).size).toBe(8 * 7);
  expect(Math.max(...ports)).toBe(95);
  // Those of MongoDB and Kafka.
  expect(ports.filter((port) => port >= 10 && port < 40)).toEqual([]);
});

test('the console has the addresses of all instances, and each instance its own port', () => {
  expect(environmentOf('console', 3)).toMatchObject({
    SERVICES: 'console',
    INGRESS_URL: 'http://127.0.0.1:8701,http://127.0.0.1:8741,http://127.0.0.1:8749',
    DELIVERY_URL: 'http://127.0.0.1:8705,http://127.0.0.1:8745,http://127.0.0.1:8753',
    CONSOLE_PORT: '8700',
    CONSOLE_OPERATOR_PORT: '8707',
  });
  expect(environmentOf('console-2', { console: 2 })).toMatchObject({
    CONSOLE_PORT: '8740',
    CONSOLE_OPERATOR_PORT: '8747',
  });
  const second = environmentOf('pipeline-2', 3);
  expect(second).toMatchObject({
    SERVICES: 'ingress,fanout,delivery',
    INGRESS_PORT: '8741',
    DRAIN_DELAY: '3s',
  });
  expect(second['OWN_LISTENERS']).toContain('127.0.0.1:8753');
  // A link to the portal leads to the first console.
  expect(environmentOf('management-2', { management: 2 })['PORTAL_URL']).toBe('http://127.0.0.1:8700/portal');
});

test('each instance of ingress has a spool of its own, the first that of a single one', () => {
  const spoolOf = (name: string, own = {}) => environmentOf(name, 2, own)['INGRESS_SPOOL_DIR'];
  expect([spoolOf('pipeline-1'), spoolOf('pipeline-2')]).toEqual(['/data/spool', '/data/spool-2']);
  expect(spoolOf('pipeline-2', { INGRESS_SPOOL_DIR: '/mine' })).toBe('/mine-2');
});

test('local.json has each instance by name, and the public address of the first console', () => {
  const { url, services } = describeStack(aroundOf({ delivery: 2, console: 2 }));
  expect(url).toBe('http://127.0.0.1:8700');
  expect(services).toMatchObject({
    'console-2': 'http://127.0.0.1:8740',
    'delivery-1': 'http://127.0.0.1:8705',
    'delivery-2': 'http://127.0.0.1:8745',
    ingress: 'http://127.0.0.1:8701',
  });
  expect(Object.keys(services)).not.toContain('delivery');
});

test('Prometheus reads each process', () => {
  expect(metricsTargets(tidingsProcesses('split', { instances: 2 }), place)).toEqual(
    [8_707, 8_701, 8_741, 8_702, 8_742].map((port) => `127.0.0.1:${port}`),
  );
});
