import { messageOf } from '@tidings/runtime';
import mongoose from 'mongoose';

const { mongo, Error: MongooseErrors } = mongoose;

/** Remedies of errors of Node and OpenSSL, by their codes. */
const remedies: readonly Readonly<{ codes: RegExp; remedy: string }>[] = [
  {
    codes:
      /^(?:SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT(?:_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE)$/,
    remedy: 'set MONGODB_TLS_CA_FILE to a file with the authority that has signed the certificate of MongoDB',
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    remedy: 'use a host in MONGODB_URI that the certificate of MongoDB names',
  },
  { codes: /^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/, remedy: 'replace the certificate of MongoDB' },
  {
    codes: /^ERR_SSL_\w+_ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/,
    remedy:
      'set MONGODB_TLS_CERT_KEY_FILE to a file with a certificate, of an authority that MongoDB trusts, and its private key',
  },
];
const closedRemedy =
  'MongoDB may require TLS (set MONGODB_TLS_CA_FILE), or another certificate of this process (MONGODB_TLS_CERT_KEY_FILE)';

// What the driver knows about a server, in the `reason` of the error of a selection. mongoose does not declare it.
type Selection = Readonly<{ reason?: { servers?: ReadonlyMap<string, Readonly<{ error: unknown }>> } }>;

/** Yields an error and those that it was made from: its causes, and those of the servers. */
function* originsOf(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  yield* originsOf(error.cause);
  if (!(error instanceof MongooseErrors.MongooseServerSelectionError)) return;
  const { reason } = error as Selection;
  for (const server of reason?.servers?.values() ?? []) yield* originsOf(server.error);
}

// The driver has a cause in every other network error but that of a time limit.
const isClosed = (error: Error): boolean =>
  error instanceof mongo.MongoNetworkError &&
  !(error instanceof mongo.MongoNetworkTimeoutError) &&
  error.cause === undefined;

/** Returns why MongoDB cannot be connected to, and where TLS may be the reason, the setting to change. */
export function connectionProblem(error: unknown): string {
  for (const origin of originsOf(error)) {
    const { code = '', reason } = origin as Readonly<{ code?: unknown; reason?: unknown }>;
    const found = remedies.find(({ codes }) => codes.test(String(code)));
    // OpenSSL's own message is its reason within addresses and lines of its source.
    if (found !== undefined)
      return `${typeof reason === 'string' ? reason : origin.message}: ${found.remedy}`;
    if (code === 'ECONNRESET' || code === 'EPIPE' || isClosed(origin))
      return `${origin.message}: ${closedRemedy}`;
  }
  return messageOf(error);
}
