import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { BrokerPlace } from './broker-settings.ts';

/** A certificate and its private key, in PEM. */
type Pem = Readonly<{ cert: string; key: string }>;

/**
 * A listener with TLS, users and rights, where a client may do only what ACLs allow its user. The listeners for the stack
 * itself, on loopback and in plain text, may do everything.
 */
export type SecureListener = Readonly<{
  /** With SASL_SSL a client proves its user by SASL, with SSL by its certificate. Default: SASL_SSL. */
  protocol?: 'SASL_SSL' | 'SSL';
  /** The certificate of the brokers, for their host. */
  certificate: Pem;
  /** Authority of the certificates of clients, in PEM. If given, a client must have one. */
  clientAuthority?: string;
  /** Passwords by user, for PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. SCRAM users exist since the storage was formatted. */
  users: Readonly<Record<string, string>>;
  /** Takes OAUTHBEARER too, with tokens that nobody has signed: anybody can make one, so only tests may. Default: none. */
  tokens?: 'unsigned';
  /** Further settings of the broker. */
  properties?: Readonly<Record<string, string>>;
}>;

type Place = Readonly<{ host: string; place: BrokerPlace; folder: string }>;

const login = (module: string, options = ''): string =>
  `org.apache.kafka.common.security.${module} required${options};`;

/** Returns the users as Kafka's format tool has them. */
export const scramUsers = ({ users }: SecureListener): readonly string[] =>
  Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((mechanism) => `${mechanism}=[name=${name},password=${password}]`),
  );

/** Writes the certificates of a broker and returns its settings with the secure listener, beside the plain ones. */
export function secureProperties(
  { protocol = 'SASL_SSL', certificate, clientAuthority, users, tokens, properties = {} }: SecureListener,
  { host, place, folder }: Place,
): Readonly<Record<string, string>> {
  const { port, controllerPort, securePort } = place;
  const keyStore = join(folder, 'broker.pem');
  const trustStore = join(folder, 'clients.pem');
  writeFileSync(keyStore, `${certificate.key}${certificate.cert}`, { mode: 0o600 });
  if (clientAuthority !== undefined) writeFileSync(trustStore, clientAuthority);
  const own = 'listener.name.secure.';
  const bearer = tokens === undefined ? [] : ['OAUTHBEARER'];
  const passwords = Object.entries(users).map(([name, password]) => ` user_${name}="${password}"`);
  return {
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort},SECURE://${host}:${securePort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${port},SECURE://${host}:${securePort}`,
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:${protocol}`,
    [`${own}ssl.keystore.type`]: 'PEM',
    [`${own}ssl.keystore.location`]: keyStore,
    ...(clientAuthority !== undefined && {
      [`${own}ssl.truststore.type`]: 'PEM',
      [`${own}ssl.truststore.location`]: trustStore,
      [`${own}ssl.client.auth`]: 'required',
    }),
    [`${own}sasl.enabled.mechanisms`]: ['PLAIN,SCRAM-SHA-256,SCRAM-SHA-512', ...bearer].join(','),
    [`${own}plain.sasl.jaas.config`]: login('plain.PlainLoginModule', passwords.join('')),
    [`${own}scram-sha-256.sasl.jaas.config`]: login('scram.ScramLoginModule'),
    [`${own}scram-sha-512.sasl.jaas.config`]: login('scram.ScramLoginModule'),
    ...(tokens !== undefined && {
      // The broker needs a login of its own, which it does not use: it connects in plain text.
      [`${own}oauthbearer.sasl.jaas.config`]: login(
        'oauthbearer.OAuthBearerLoginModule',
        ' unsecuredLoginStringClaim_sub="broker"',
      ),
    }),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    ...properties,
  };
}
