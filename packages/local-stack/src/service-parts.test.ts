import { expect, test } from 'vitest';

import { processEnvironment } from './service-parts.ts';
import { tidingsProcesses, tidingsServices } from './tidings-processes.ts';

const around = {
  host: '127.0.0.1',
  portBase: 8_700,
  services: tidingsServices,
  brokers: ['127.0.0.1:1', '127.0.0.1:2'],
  replicationFactor: 3,
  mongodbUri: 'mongodb://127.0.0.1:3/',
  adminKey: 'key_admin_x',
  workspaceId: 'ws_demo',
  sealingKeys: 'local1:x',
  objectFolder: '/data/objects',
  spoolFolder: '/data/spool',
};

const named = (name: string) => {
  const forms = ['separate', 'split', 'together'] as const;
  const processes = forms.flatMap((form) => tidingsProcesses(form));
  const found = processes.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no process ${name}`);
  return found;
};

test('a service receives its port and the addresses of the stack; loopback endpoints over http are allowed', () => {
  expect(processEnvironment(named('delivery'), around, {})).toEqual({
    NODE_ENV: 'production',
    OBJECT_STORAGE_FOLDER: '/data/objects',
    SERVICES: 'delivery',
    KAFKA_BROKERS: '127.0.0.1:1,127.0.0.1:2',
    MONGODB_URI: 'mongodb://127.0.0.1:3/',
    SEALING_KEYS: 'local1:x',
    DANGEROUSLY_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
    ALLOW_HTTP_ENDPOINTS: 'true',
    OWN_LISTENERS: [
      ...[0, 1, 2, 3, 4, 5, 7].map((offset) => `127.0.0.1:${8_700 + offset}`),
      '127.0.0.1:1',
      '127.0.0.1:2',
      '127.0.0.1:3',
    ].join(','),
    LOOP_ID: expect.stringMatching(/^[\w-]{22}$/) as unknown,
    TRUSTED_PROXIES: 'loopback',
    REPLICATION_FACTOR: '3',
    DELIVERY_HOST: '127.0.0.1',
    DELIVERY_PORT: '8705',
  });
});

test("only the service that stores keys receives the operator's key", () => {
  expect(processEnvironment(named('subscription'), around, {})).toMatchObject({
    ADMIN_KEY: 'key_admin_x',
    WORKSPACE_ID: 'ws_demo',
    WORKSPACE_POLICY: 'open',
  });
  for (const name of ['ingress', 'fanout', 'delivery', 'history', 'console']) {
    expect(JSON.stringify(processEnvironment(named(name), around, {}))).not.toContain('key_admin_x');
  }
});

test('a secret that the caller has in a file stays there: a process reads it at each start', () => {
  const names = ['SEALING_KEYS', 'ADMIN_KEY', 'CONSOLE_SESSION_KEYS'];
  const own = Object.fromEntries(names.map((name) => [`${name}_FILE`, `/run/secrets/${name}`]));
  const found = processEnvironment(named('tidings'), around, own);
  for (const name of names) {
    expect(found[name]).toBeUndefined();
    expect(found[`${name}_FILE`]).toBe(`/run/secrets/${name}`);
  }
});

test.each(['history', 'ingress', 'fanout', 'delivery'])(
  '%s has its objects in the data folder, unless the caller names another',
  (service) => {
    const folder = (own: Record<string, string>) =>
      processEnvironment(named(service), around, own)['OBJECT_STORAGE_FOLDER'];
    expect([folder({}), folder({ OBJECT_STORAGE_FOLDER: '/mine' })]).toEqual(['/data/objects', '/mine']);
  },
);

test('ingress has its spool in the data folder, unless the caller names another', () => {
  const folder = (own: Record<string, string>) =>
    processEnvironment(named('ingress'), around, own)['INGRESS_SPOOL_DIR'];
  expect([folder({}), folder({ INGRESS_SPOOL_DIR: '/mine' })]).toEqual(['/data/spool', '/mine']);
});

test('settings of the caller take precedence, also an empty list of networks', () => {
  const own = {
    DANGEROUSLY_ALLOWED_NETWORKS: '',
    ALLOW_HTTP_ENDPOINTS: 'false',
    KAFKA_BROKERS: 'elsewhere:1',
  };
  expect(processEnvironment(named('subscription'), around, own)).toMatchObject({
    DANGEROUSLY_ALLOWED_NETWORKS: '',
    ALLOW_HTTP_ENDPOINTS: 'false',
    KAFKA_BROKERS: '127.0.0.1:1,127.0.0.1:2',
  });
});

test('all services of a stack have the same loop id, and another stack has another', () => {
  const loopIdOf = (name: string, sealingKeys = around.sealingKeys) =>
    processEnvironment(named(name), { ...around, sealingKeys }, {})['LOOP_ID'];
  expect(loopIdOf('ingress')).toBe(loopIdOf('delivery'));
  expect(loopIdOf('ingress')).not.toBe(loopIdOf('ingress', 'local1:y'));
});

test('listeners that the caller adds and all hosts of a database are refused as endpoints', () => {
  const several = { ...around, mongodbUri: 'mongodb://u:p@db1:27017,db2:27018/?replicaSet=rs' };
  const { OWN_LISTENERS: listeners } = processEnvironment(named('delivery'), several, {
    OWN_LISTENERS: 'vault:8200',
  });
  expect(listeners?.split(',')).toEqual(expect.arrayContaining(['db1:27017', 'db2:27018', 'vault:8200']));
});

test('the console comes first and has the addresses of the others', () => {
  expect(processEnvironment(named('console'), around, {})).toMatchObject({
    CONSOLE_PORT: '8700',
    CONSOLE_OPERATOR_HOST: '127.0.0.1',
    CONSOLE_OPERATOR_PORT: '8707',
    INGRESS_URL: 'http://127.0.0.1:8701',
    SUBSCRIPTION_URL: 'http://127.0.0.1:8702',
    HISTORY_URL: 'http://127.0.0.1:8703',
  });
});

test("the services trust the console for a caller's address, and the console trusts only the proxies that the operator names", () => {
  const trustedBy = (name: string, own = {}) =>
    processEnvironment(named(name), around, own)['TRUSTED_PROXIES'];
  expect(trustedBy('ingress')).toBe('loopback');
  expect(trustedBy('console')).toBe('');
  const own = { TRUSTED_PROXIES: '10.0.0.0/8' };
  expect([trustedBy('ingress', own), trustedBy('console', own)]).toEqual(['loopback', '10.0.0.0/8']);
});

test('one process for all services receives the settings of each', () => {
  expect(processEnvironment(named('tidings'), around, {})).toMatchObject({
    SERVICES: 'console,ingress,subscription,history,fanout,delivery',
    CONSOLE_PORT: '8700',
    DELIVERY_PORT: '8705',
    INGRESS_URL: 'http://127.0.0.1:8701',
    ADMIN_KEY: 'key_admin_x',
    TRUSTED_PROXIES: '',
  });
});

test('by default the path of an event is one process, and what stores in MongoDB is the other', () => {
  const servicesOf = (name: string) => processEnvironment(named(name), around, {})['SERVICES'];
  expect(tidingsProcesses('split').map(({ name }) => [name, servicesOf(name)])).toEqual([
    ['pipeline', 'console,ingress,fanout,delivery'],
    ['management', 'subscription,history'],
  ]);
  expect(processEnvironment(named('pipeline'), around, {})).toMatchObject({
    HISTORY_URL: 'http://127.0.0.1:8703',
    TRUSTED_PROXIES: '',
  });
  const management = processEnvironment(named('management'), around, {});
  expect(management).toMatchObject({ ADMIN_KEY: 'key_admin_x', TRUSTED_PROXIES: 'loopback' });
  expect(JSON.stringify(processEnvironment(named('pipeline'), around, {}))).not.toContain('key_admin_x');
});
