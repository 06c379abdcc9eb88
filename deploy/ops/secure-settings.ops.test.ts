import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../../packages/testing/src/index.ts';
import { PlantedSecrets } from './secrets/planted-secrets.ts';

// Services with secrets in settings that are wrong, and services that cannot connect: nobody listens on port 9.

const root = join(import.meta.dirname, '../..');
const planted = new PlantedSecrets();
const secret = (name: string): string => planted.plant(name, randomBytes(24).toString('hex'));
const key = randomBytes(32).toString('base64');
const sasl = {
  KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
  KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
  KAFKA_USERNAME: 'x',
};
const pem = (line: string): string => `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`;

type Env = Readonly<Record<string, string>>;

const wrong: Readonly<Record<string, Env>> = {
  'a MongoDB that is away': { MONGODB_URI: `mongodb://user:${secret('password of MongoDB')}@127.0.0.1:9/x` },
  'a URI that is none': { MONGODB_URI: `mongodb//user:${secret('password in a wrong URI')}@127.0.0.1` },
  'a URI of another kind': { MONGODB_URI: `https://user:${secret('password of another URI')}@127.0.0.1` },
  'brokers that are away': { ...sasl, KAFKA_PASSWORD: secret('password of Kafka') },
  'a key in place of its path': {
    KAFKA_SECURITY_PROTOCOL: 'SSL',
    KAFKA_CERT_FILE: pem(secret('a')),
    KAFKA_KEY_FILE: pem(secret('b')),
  },
  'sealing keys without ids': { SEALING_KEYS: secret('sealing keys') },
  'a sealing key that is too short': { SEALING_KEYS: `k1:${secret('sealing key')}` },
  'a key of the operator that is too short': {
    ADMIN_KEY: planted.plant('short admin key', 'f3a91c0b7de245'),
  },
  'a collector that is away': {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${secret('login of the collector')}@127.0.0.1:9`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${secret('token of the collector')}`,
  },
  'an object storage that is away': {
    ...{
      OBJECT_STORAGE: 's3',
      S3_BUCKET: 'events',
      S3_REGION: 'eu-central-1',
      S3_ENDPOINT: 'http://127.0.0.1:9',
    },
    ...{ S3_ACCESS_KEY_ID: 'AKIDEXAMPLE', S3_SECRET_ACCESS_KEY: secret('key of S3') },
  },
};

/** Runs services until they have ended, or have told of trouble, and returns all that they have written. */
async function outputWith(env: Env): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'services/server/dist/src/main.js')], {
    env: {
      ...{
        PATH: process.env['PATH'],
        SERVICES: 'subscription,history',
        LOG_LEVEL: 'debug',
        WORKSPACE_ID: 'main',
      },
      ...{
        KAFKA_BROKERS: '127.0.0.1:9',
        MONGODB_URI: 'mongodb://127.0.0.1:9/x',
        ADMIN_KEY: 'tdk_of-this-test-only',
      },
      ...{ SEALING_KEYS: `k1:${key}`, OBJECT_STORAGE_FOLDER: '/nowhere', ...env },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  await eventually(
    () => {
      if (child.exitCode === null) expect(output).toMatch(/"level":"(warn|error)"/);
      expect(output).not.toBe('');
    },
    { timeoutMs: 120_000 },
  );
  child.kill('SIGKILL');
  return output;
}

test.each(Object.entries(wrong))('%s: the output tells it without the secret', async (source, env) => {
  const content = Buffer.from(await outputWith(env));
  expect(planted.leaksIn('log', { source, content })).toEqual([]);
});
