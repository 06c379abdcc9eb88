import { describe, expect, it } from 'vitest';
import { serviceNames } from './select-services.ts';
import { serviceEnvironment } from './service-environment.ts';

const env = {
  CONSOLE_PORT: '8700',
  INGRESS_PORT: '8701',
  HISTORY_PORT: '0',
  FANOUT_HOST: '::',
  FANOUT_PORT: '8704',
};

describe('serviceEnvironment', () => {
  it('returns the environment of the process to a service that runs without the console', () => {
    expect(serviceEnvironment('ingress', ['ingress', 'fanout'], env)).toBe(env);
    expect(serviceEnvironment('console', ['console'], env)).toBe(env);
  });

  it('gives the console the addresses of the services beside it that have a fixed port', () => {
    expect(serviceEnvironment('console', serviceNames, env)).toEqual({
      ...env,
      CONSOLE_URL: 'http://127.0.0.1:8700',
      INGRESS_URL: 'http://127.0.0.1:8701',
      FANOUT_URL: 'http://127.0.0.1:8704',
    });
  });

  it('connects to the address that a service listens on', () => {
    const at = (host: string) =>
      serviceEnvironment('console', serviceNames, { ...env, INGRESS_HOST: host })['INGRESS_URL'];
    expect([at('0.0.0.0'), at('10.1.2.3'), at('::1')]).toEqual([
      'http://127.0.0.1:8701',
      'http://10.1.2.3:8701',
      'http://[::1]:8701',
    ]);
  });

  it('keeps an address that is set, and replaces an empty one', () => {
    const given = { ...env, INGRESS_URL: 'http://ingress:1', FANOUT_URL: ' ' };
    expect(serviceEnvironment('console', serviceNames, given)).toMatchObject({
      INGRESS_URL: 'http://ingress:1',
      FANOUT_URL: 'http://127.0.0.1:8704',
    });
  });

  it('lets the other services trust the console beside them, and the console only the given proxies', () => {
    const given = { ...env, TRUSTED_PROXIES: '10.0.0.0/8' };
    const trustedBy = (name: 'console' | 'ingress', own: Readonly<Record<string, string>>) =>
      serviceEnvironment(name, serviceNames, own)['TRUSTED_PROXIES'];
    expect(trustedBy('ingress', given)).toBe('10.0.0.0/8,loopback');
    expect(trustedBy('ingress', env)).toBe('loopback');
    expect([trustedBy('console', given), trustedBy('console', env)]).toEqual(['10.0.0.0/8', undefined]);
  });
});
