import { AppError, describeConfig, loadConfig } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { kafkaSettings, securityOf } from './settings.ts';

const load = (env: Readonly<Record<string, string>>) =>
  loadConfig(kafkaSettings, { KAFKA_BROKERS: 'kafka:9093', ...env });
const security = (env: Readonly<Record<string, string>>) => securityOf(load(env));
const problemsOf = (env: Readonly<Record<string, string>>): string => {
  try {
    security(env);
  } catch (error) {
    if (error instanceof AppError && error.code === 'config-invalid') return error.message;
    throw error;
  }
  return 'accepted';
};

const user = { KAFKA_USERNAME: 'tidings-ingress', KAFKA_PASSWORD: 'not shown' };
const scram = {
  KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
  KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
  ...user,
};
const oauth = {
  KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
  KAFKA_SASL_MECHANISM: 'OAUTHBEARER',
  KAFKA_OAUTH_TOKEN_URL: 'https://id.example/token',
  KAFKA_OAUTH_CLIENT_ID: 'tidings',
  KAFKA_OAUTH_CLIENT_SECRET: 'not shown',
};

describe('settings of the connection to the brokers', () => {
  it('are plain text by default', () => {
    expect(security({})).toEqual({});
  });

  it('are TLS, a user, or both', () => {
    const tls = { ca: '/ca.pem' };
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'tidings-ingress', password: 'not shown' };
    expect(security({ KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_CA_FILE: '/ca.pem' })).toMatchObject({ tls });
    expect(security({ ...scram, KAFKA_CA_FILE: '/ca.pem' })).toMatchObject({ tls, sasl });
    expect(security({ ...scram, KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT' })).toEqual({ sasl });
    expect(security(oauth).sasl).toEqual({
      mechanism: 'OAUTHBEARER',
      tokenUrl: 'https://id.example/token',
      clientId: 'tidings',
      clientSecret: 'not shown',
    });
  });

  it.each([
    [
      { KAFKA_CA_FILE: '/ca.pem' },
      'KAFKA_CA_FILE is set, and KAFKA_SECURITY_PROTOCOL=PLAINTEXT does not use it',
    ],
    [
      user,
      'KAFKA_USERNAME and KAFKA_PASSWORD are set, and KAFKA_SECURITY_PROTOCOL=PLAINTEXT does not use them',
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' },
      'KAFKA_SASL_MECHANISM is not set: KAFKA_SECURITY_PROTOCOL=SASL_SSL needs it',
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'PLAIN' },
      'KAFKA_USERNAME and KAFKA_PASSWORD are not set: KAFKA_SASL_MECHANISM=PLAIN needs them',
    ],
    [
      { ...scram, KAFKA_OAUTH_SCOPE: 'kafka' },
      'KAFKA_OAUTH_SCOPE is set, and KAFKA_SASL_MECHANISM=SCRAM-SHA-512 does not use it',
    ],
    [{ ...oauth, ...user }, 'KAFKA_SASL_MECHANISM=OAUTHBEARER does not use them'],
    [
      { ...oauth, KAFKA_OAUTH_CLIENT_SECRET: '' },
      'KAFKA_OAUTH_CLIENT_SECRET is not set: KAFKA_SASL_MECHANISM=OAUTHBEARER needs it',
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_CERT_FILE: '/client.pem' },
      'KAFKA_KEY_FILE is not set: KAFKA_CERT_FILE needs it',
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_KEY_FILE: '/client.key' },
      'KAFKA_CERT_FILE is not set: KAFKA_KEY_FILE needs it',
    ],
  ])('name what is missing or contradicts: %j', (env, problem) => {
    expect(problemsOf(env)).toContain(problem);
    expect(problemsOf(env)).not.toContain('not shown');
  });

  it('list all faults together', () => {
    const problems = problemsOf({ KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', KAFKA_CA_FILE: '/ca.pem' });
    expect(problems.split('\n')).toHaveLength(2);
  });

  it('never show a password or a secret', () => {
    const shown = JSON.stringify(
      describeConfig(kafkaSettings, load({ ...scram, ...oauth, KAFKA_KEY_PASSWORD: 'not shown' })),
    );
    expect(shown).toContain('tidings-ingress');
    expect(shown).not.toContain('not shown');
  });
});
