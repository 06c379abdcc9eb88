import {
  AppError,
  type CertificateUse,
  type ConfigOf,
  optional,
  sharedSettings,
  TlsFiles,
  text,
} from '@tidings/runtime';

/** Settings of the connection to MongoDB, for the config.ts of a service. {@link mongoTlsOf} checks them together. */
export const mongodbSettings = {
  mongodbUri: sharedSettings.mongodbUri,
  mongodbTlsCaFile: optional(
    text({
      env: 'MONGODB_TLS_CA_FILE',
      help: 'a file with the certificates, in PEM, of the authorities of MongoDB; it turns TLS on',
    }),
  ),
  mongodbTlsCertKeyFile: optional(
    text({
      env: 'MONGODB_TLS_CERT_KEY_FILE',
      help: 'a file with the certificate of this process and its private key, in PEM, if MongoDB requires one',
    }),
  ),
} as const;

type MongoConfig = ConfigOf<typeof mongodbSettings>;

/** TLS to MongoDB. `options` are those of the driver; without TLS there are none. */
export type MongoTls = Readonly<{
  options: Readonly<{ tls?: true; tlsCAFile?: string; tlsCertificateKeyFile?: string }>;
  /** When the first certificate of each use expires, in milliseconds since the epoch: those that the driver reads now. */
  expiry: ReadonlyMap<CertificateUse, number>;
}>;

/**
 * Returns TLS as the settings have it; the URI may have further options of the driver. Throws AppError `config-invalid` for
 * files that cannot be read, and for a URI that turns TLS off.
 */
export const mongoTlsOf = (config: MongoConfig): MongoTls => {
  const { mongodbUri, mongodbTlsCaFile: ca, mongodbTlsCertKeyFile: certKey } = config;
  if (ca === undefined && certKey === undefined) return { options: {}, expiry: new Map() };
  if (/[?&](?:tls|ssl)=false(?:&|$)/.test(mongodbUri)) {
    const message = `MONGODB_URI turns TLS off, and ${ca === undefined ? 'MONGODB_TLS_CERT_KEY_FILE' : 'MONGODB_TLS_CA_FILE'} is set: remove one of them`;
    throw new AppError({ code: 'config-invalid', message });
  }
  // The driver reads the files once, so a problem with later ones is none of this process.
  const files = new TlsFiles({ ca, cert: certKey, key: certKey }, () => {});
  return {
    options: {
      tls: true,
      ...(ca !== undefined && { tlsCAFile: ca }),
      ...(certKey !== undefined && { tlsCertificateKeyFile: certKey }),
    },
    expiry: files.expiry(),
  };
};
