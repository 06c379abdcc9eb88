import type { TlsPaths } from '@tidings/runtime';

/** Mechanisms by which a user is proved to the brokers. */
export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;

/** TLS to the brokers: files in PEM, read again for each connection. `serverName`: the name in their certificates. */
export type KafkaTls = TlsPaths & Readonly<{ serverName?: string | undefined }>;

/**
 * The user of a client at the brokers: by a password, or by tokens that `tokenUrl` issues to a client (OAuth 2.0 client
 * credentials).
 */
export type KafkaSasl =
  | Readonly<{ mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; username: string; password: string }>
  | Readonly<{
      mechanism: 'OAUTHBEARER';
      tokenUrl: string;
      clientId: string;
      clientSecret: string;
      scope?: string;
    }>;

/** Security of the connections of a client. Without `tls` in plain text, without `sasl` as no user. */
export type KafkaSecurity = Readonly<{ tls?: KafkaTls; sasl?: KafkaSasl }>;
