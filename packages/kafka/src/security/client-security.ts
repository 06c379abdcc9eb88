import type { ConnectionOptions } from 'node:tls';
import type { Logger } from '@tidings/observability';
import { type Clock, systemClock, TlsFiles } from '@tidings/runtime';
import { BearerTokens } from './bearer-tokens.ts';
import type { KafkaSasl, KafkaSecurity, KafkaTls } from './kafka-security.ts';

// Not kafkajs's own type: what this package declares has to compile where kafkajs is not installed.
type ByPassword<M> = Readonly<{ mechanism: M; username: string; password: string }>;
type SaslSettings =
  | ByPassword<'plain'>
  | ByPassword<'scram-sha-256'>
  | ByPassword<'scram-sha-512'>
  | Readonly<{ mechanism: 'oauthbearer'; oauthBearerProvider: () => Promise<{ value: string }> }>;

/** The security of the connections of one process, in kafkajs's terms. */
export type ClientSecurity = Readonly<{
  /** Returns the settings of one client. kafkajs keeps something of its own in them. */
  settings: () => Readonly<{ ssl?: ConnectionOptions; sasl?: SaslSettings }>;
  /** The TLS files that are in use, if there are any. */
  files?: TlsFiles;
}>;

// kafkajs copies these options, in their order, for each connection that it opens: the files are read with the first of
// them, once, so that a certificate and its key are of one reading.
const sslOf = (files: TlsFiles, { serverName }: KafkaTls): ConnectionOptions => {
  const options = { ...(serverName !== undefined && { servername: serverName }) };
  let material = files.material();
  const take = (name: 'ca' | 'cert' | 'key' | 'passphrase') => {
    if (name === 'ca') material = files.material();
    return material[name];
  };
  for (const name of ['ca', 'cert', 'key', 'passphrase'] as const)
    Object.defineProperty(options, name, { enumerable: true, get: () => take(name) });
  return options;
};

const saslOf = (sasl: KafkaSasl, tokens: BearerTokens | undefined): SaslSettings => {
  switch (sasl.mechanism) {
    case 'OAUTHBEARER':
      return {
        mechanism: 'oauthbearer',
        oauthBearerProvider: async () => ({ value: (await tokens?.current()) ?? '' }),
      };
    case 'PLAIN':
      return { mechanism: 'plain', username: sasl.username, password: sasl.password };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username: sasl.username, password: sasl.password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username: sasl.username, password: sasl.password };
    default:
      return sasl satisfies never;
  }
};

/**
 * Opens the security of a process: reads its TLS files. Throws AppError `config-invalid` for files that cannot be read or
 * do not fit together. Tokens are requested at the first connection.
 */
export const openSecurity = (
  { tls, sasl }: KafkaSecurity,
  { clock = systemClock, logger }: Readonly<{ clock?: Clock; logger: Logger }>,
): ClientSecurity => {
  const onProblem = (problem: string): void =>
    logger.warn({ problem: `${problem}; connections use the last files that fit` }, 'kafka.tls-files');
  const files = tls === undefined ? undefined : new TlsFiles(tls, onProblem);
  const tokens = sasl?.mechanism === 'OAUTHBEARER' ? new BearerTokens(sasl, { clock, logger }) : undefined;
  return {
    settings: () => ({
      ...(files !== undefined && tls !== undefined && { ssl: sslOf(files, tls) }),
      ...(sasl !== undefined && { sasl: saslOf(sasl, tokens) }),
    }),
    ...(files !== undefined && { files }),
  };
};
