import {
  AppError,
  type ConfigOf,
  choice,
  optional,
  orFile,
  secret,
  sharedSettings,
  text,
  url,
} from '@tidings/runtime';
import { type KafkaSasl, type KafkaSecurity, type KafkaTls, saslMechanisms } from './kafka-security.ts';

const file = (env: string, help: string) => optional(text({ env, help }));
const word = (env: string, help: string) => optional(text({ env, pattern: /^[\x20-\x7e]{1,1024}$/, help }));

/** Settings of the connection to the brokers, for the config.ts of a service. `openBus` checks them together. */
export const kafkaSettings = {
  kafkaBrokers: sharedSettings.kafkaBrokers,
  kafkaSecurityProtocol: choice({
    env: 'KAFKA_SECURITY_PROTOCOL',
    values: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'],
    default: 'PLAINTEXT',
    help: 'how the brokers are connected to: with TLS (SSL), as a user (SASL), both or neither',
  }),
  kafkaSaslMechanism: optional(
    choice({
      env: 'KAFKA_SASL_MECHANISM',
      values: saslMechanisms,
      help: 'how the user is proved to the brokers, for SASL_SSL and SASL_PLAINTEXT',
    }),
  ),
  kafkaUsername: orFile(
    word('KAFKA_USERNAME', 'the user of this process at the brokers, for PLAIN and SCRAM'),
  ),
  kafkaPassword: optional(secret({ env: 'KAFKA_PASSWORD', help: 'the password of KAFKA_USERNAME' })),
  kafkaCaFile: file(
    'KAFKA_CA_FILE',
    'a file with the certificates, in PEM, of the authorities of the brokers; unset: those that Node trusts',
  ),
  kafkaCertFile: file(
    'KAFKA_CERT_FILE',
    'a file with the certificate of this process and its chain, in PEM, for brokers that require one (mTLS)',
  ),
  kafkaKeyFile: file('KAFKA_KEY_FILE', 'a file with the private key of KAFKA_CERT_FILE, in PEM'),
  kafkaKeyPassword: optional(
    secret({ env: 'KAFKA_KEY_PASSWORD', help: 'the password of an encrypted KAFKA_KEY_FILE' }),
  ),
  kafkaServerName: optional(
    text({
      env: 'KAFKA_SERVER_NAME',
      pattern: /^[A-Za-z0-9.-]{1,253}$/,
      help: 'the name that the certificates of the brokers must have, if it is not that of their addresses',
    }),
  ),
  kafkaOauthTokenUrl: optional(
    url({
      env: 'KAFKA_OAUTH_TOKEN_URL',
      help: 'the token endpoint of the identity provider, for OAUTHBEARER (client credentials)',
    }),
  ),
  kafkaOauthClientId: orFile(
    word('KAFKA_OAUTH_CLIENT_ID', 'the client of this process at the identity provider'),
  ),
  kafkaOauthClientSecret: optional(
    secret({ env: 'KAFKA_OAUTH_CLIENT_SECRET', help: 'the secret of KAFKA_OAUTH_CLIENT_ID' }),
  ),
  kafkaOauthScope: word('KAFKA_OAUTH_SCOPE', 'the scope that tokens are requested for, if it needs one'),
} as const;

/** The values of {@link kafkaSettings}. */
export type KafkaConfig = ConfigOf<typeof kafkaSettings>;

type Named = Readonly<Record<string, string | undefined>>;

const setIn = (settings: Named): readonly string[] =>
  Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [name]));
const missingIn = (settings: Named): readonly string[] =>
  Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [name] : []));

const isAre = (names: readonly string[]): string => (names.length === 1 ? 'is' : 'are');

/** Returns the faults of settings of which a choice needs some and excludes others. */
const faultsOf = (choiceText: string, needed: Named, excluded: Named): readonly string[] => {
  const missing = missingIn(needed);
  const extra = setIn(excluded);
  return [
    ...(missing.length > 0
      ? [
          `${missing.join(' and ')} ${isAre(missing)} not set: ${choiceText} needs ${missing.length === 1 ? 'it' : 'them'}`,
        ]
      : []),
    ...(extra.length > 0
      ? [
          `${extra.join(' and ')} ${isAre(extra)} set, and ${choiceText} does not use ${extra.length === 1 ? 'it' : 'them'}: remove ${extra.length === 1 ? 'it' : 'them'}, or choose another one`,
        ]
      : []),
  ];
};

const tlsNamesOf = (config: KafkaConfig): Named => ({
  KAFKA_CA_FILE: config.kafkaCaFile,
  KAFKA_CERT_FILE: config.kafkaCertFile,
  KAFKA_KEY_FILE: config.kafkaKeyFile,
  KAFKA_KEY_PASSWORD: config.kafkaKeyPassword,
  KAFKA_SERVER_NAME: config.kafkaServerName,
});

const tlsFaults = (config: KafkaConfig): readonly string[] => {
  const { kafkaSecurityProtocol: protocol, kafkaCertFile, kafkaKeyFile, kafkaKeyPassword } = config;
  if (!protocol.endsWith('SSL'))
    return faultsOf(`KAFKA_SECURITY_PROTOCOL=${protocol}`, {}, tlsNamesOf(config));
  if (kafkaCertFile !== undefined) return faultsOf('KAFKA_CERT_FILE', { KAFKA_KEY_FILE: kafkaKeyFile }, {});
  const needing = setIn({ KAFKA_KEY_FILE: kafkaKeyFile, KAFKA_KEY_PASSWORD: kafkaKeyPassword });
  return needing.length === 0 ? [] : faultsOf(needing[0] ?? '', { KAFKA_CERT_FILE: undefined }, {});
};

const saslFaults = (config: KafkaConfig): readonly string[] => {
  const { kafkaSecurityProtocol: protocol, kafkaSaslMechanism: mechanism } = config;
  const password = { KAFKA_USERNAME: config.kafkaUsername, KAFKA_PASSWORD: config.kafkaPassword };
  const oauth = {
    KAFKA_OAUTH_TOKEN_URL: config.kafkaOauthTokenUrl,
    KAFKA_OAUTH_CLIENT_ID: config.kafkaOauthClientId,
    KAFKA_OAUTH_CLIENT_SECRET: config.kafkaOauthClientSecret,
  };
  const scope = { KAFKA_OAUTH_SCOPE: config.kafkaOauthScope };
  const own = { KAFKA_SASL_MECHANISM: mechanism };
  const chosen = `KAFKA_SECURITY_PROTOCOL=${protocol}`;
  if (!protocol.startsWith('SASL')) return faultsOf(chosen, {}, { ...own, ...password, ...oauth, ...scope });
  if (mechanism === undefined) return faultsOf(chosen, own, {});
  const named = `KAFKA_SASL_MECHANISM=${mechanism}`;
  return mechanism === 'OAUTHBEARER'
    ? faultsOf(named, oauth, password)
    : faultsOf(named, password, { ...oauth, ...scope });
};

const tlsOf = (config: KafkaConfig): KafkaTls => ({
  ca: config.kafkaCaFile,
  cert: config.kafkaCertFile,
  key: config.kafkaKeyFile,
  keyPassword: config.kafkaKeyPassword,
  serverName: config.kafkaServerName,
});

const saslOf = (config: KafkaConfig): KafkaSasl => {
  const { kafkaSaslMechanism: mechanism = 'PLAIN', kafkaOauthScope: scope } = config;
  if (mechanism !== 'OAUTHBEARER')
    return { mechanism, username: config.kafkaUsername ?? '', password: config.kafkaPassword ?? '' };
  return {
    mechanism,
    tokenUrl: config.kafkaOauthTokenUrl ?? '',
    clientId: config.kafkaOauthClientId ?? '',
    clientSecret: config.kafkaOauthClientSecret ?? '',
    ...(scope !== undefined && { scope }),
  };
};

/**
 * Returns how the settings connect to the brokers. Throws AppError `config-invalid` that lists all settings that are
 * missing or contradict others.
 */
export const securityOf = (config: KafkaConfig): KafkaSecurity => {
  const faults = [...tlsFaults(config), ...saslFaults(config)];
  if (faults.length > 0) throw new AppError({ code: 'config-invalid', message: faults.join('\n') });
  const { kafkaSecurityProtocol: protocol } = config;
  return {
    ...(protocol.endsWith('SSL') && { tls: tlsOf(config) }),
    ...(protocol.startsWith('SASL') && { sasl: saslOf(config) }),
  };
};
