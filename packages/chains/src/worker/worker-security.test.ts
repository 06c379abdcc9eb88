import { expect, it } from 'vitest';
import { createWorker } from './create-worker.ts';
import type { WorkerOptions } from './worker-options.ts';

const sasl = { mechanism: 'SCRAM-SHA-512', username: 'shop', password: 'not shown' } as const;
const worker = (options: object) => () =>
  createWorker({ brokers: ['127.0.0.1:9'], app: 'shop', ...options } as WorkerOptions);

it('accepts TLS and a user', () => {
  expect(worker({ tls: {}, sasl })).not.toThrow();
  expect(worker({ tls: { ca: 'ca.pem', cert: 'shop.pem', key: 'shop.key' } })).not.toThrow();
  const tokens = { tokenUrl: 'https://id.example/token', clientId: 'shop', clientSecret: 'not shown' };
  expect(worker({ sasl: { mechanism: 'OAUTHBEARER', ...tokens } })).not.toThrow();
});

it.each([
  [{ tls: { caFile: 'ca.pem' } }, "tls has no 'caFile': it has ca, cert, key, keyPassword, serverName"],
  [{ tls: { ca: 1 } }, 'tls.ca must be a text, got number'],
  [{ tls: { cert: 'shop.pem' } }, 'tls.cert and tls.key must both be given, or neither'],
  [
    { sasl: { ...sasl, mechanism: 'GSSAPI' } },
    "sasl.mechanism must be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, got 'GSSAPI'",
  ],
  [{ sasl: { ...sasl, clientId: 'shop' } }, "sasl with SCRAM-SHA-512 has no 'clientId'"],
  [{ sasl: { ...sasl, password: '' } }, "sasl with SCRAM-SHA-512 needs 'password'"],
])('refuses %j', (options, problem) => {
  expect(worker(options)).toThrow(problem);
  expect(worker(options)).not.toThrow('not shown');
});
