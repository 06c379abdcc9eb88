import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AppError, messageOf } from './app-error.ts';

/**
 * Files of a TLS connection, in PEM. `ca`: certificates of the authorities to trust, in place of those of Node. `cert` and
 * `key`: the certificate by which this client proves who it is, with its chain, and its private key; `keyPassword` opens
 * an encrypted key.
 */
export type TlsPaths = Readonly<{
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  keyPassword?: string | undefined;
}>;

/** Contents of TLS files, in the names of `tls.connect`. */
export type TlsMaterial = Readonly<{ ca?: Buffer; cert?: Buffer; key?: Buffer; passphrase?: string }>;

/** The use of a certificate: to trust others by it, or to prove who this client is. */
export type CertificateUse = 'authority' | 'client';

type Loaded = Readonly<{ material: TlsMaterial; expiry: ReadonlyMap<CertificateUse, number> }>;

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const certificatesIn = (file: string, content: Buffer): readonly X509Certificate[] => {
  try {
    const found = content
      .toString('latin1')
      .match(certificatePattern)
      ?.map((pem) => new X509Certificate(pem));
    if (found !== undefined) return found;
  } catch (error) {
    throw new Error(`${file} has a certificate that cannot be read: ${messageOf(error)}`);
  }
  throw new Error(`${file} has no certificate in PEM (-----BEGIN CERTIFICATE-----)`);
};

const readFile = (file: string): Buffer => {
  // Not shown: it may be a key.
  if (file.includes('-----BEGIN'))
    throw new Error(
      'a setting that names a file of TLS material has its content (PEM): set the path of the file',
    );
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? messageOf(error)}`);
  }
};

const checkKey = ({ cert, key }: TlsPaths, certificate: X509Certificate, material: TlsMaterial): void => {
  const { key: content = '', passphrase } = material;
  let fits: boolean;
  try {
    const privateKey = createPrivateKey({ key: content, ...(passphrase !== undefined && { passphrase }) });
    fits = certificate.checkPrivateKey(privateKey);
  } catch {
    throw new Error(`${key} has no private key in PEM that can be read, or it needs another password`);
  }
  if (!fits) throw new Error(`the private key in ${key} is not that of the certificate in ${cert}`);
};

const earliest = (certificates: readonly X509Certificate[]): number =>
  Math.min(...certificates.map(({ validTo }) => Date.parse(validTo)));

const load = (paths: TlsPaths): Loaded => {
  const expiry = new Map<CertificateUse, number>();
  const { ca, cert, key, keyPassword } = paths;
  const material: TlsMaterial = {
    ...(ca !== undefined && { ca: readFile(ca) }),
    ...(cert !== undefined && { cert: readFile(cert) }),
    ...(key !== undefined && { key: readFile(key) }),
    ...(keyPassword !== undefined && { passphrase: keyPassword }),
  };
  if (ca !== undefined && material.ca !== undefined)
    expiry.set('authority', earliest(certificatesIn(ca, material.ca)));
  if (cert !== undefined && material.cert !== undefined) {
    const chain = certificatesIn(cert, material.cert);
    expiry.set('client', earliest(chain));
    if (key !== undefined && chain[0] !== undefined) checkKey(paths, chain[0], material);
  }
  return { material, expiry };
};

/**
 * Certificates and a key in files, which may be replaced at any time: each new connection gets what the files have then.
 * Files that do not fit together, as in the middle of a replacement, are left out; the last ones that did apply.
 */
export class TlsFiles {
  readonly #paths: TlsPaths;
  readonly #onProblem: (problem: string) => void;
  #loaded: Loaded;
  #problem: string | undefined;

  /**
   * Reads the files. Throws AppError `config-invalid` that names a file that cannot be read or does not fit. `onProblem` is
   * called once for each problem of a later reading.
   */
  constructor(paths: TlsPaths, onProblem: (problem: string) => void) {
    this.#paths = paths;
    this.#onProblem = onProblem;
    try {
      this.#loaded = load(paths);
    } catch (error) {
      throw new AppError({ code: 'config-invalid', message: messageOf(error), cause: error });
    }
  }

  /** Returns what the files have now. */
  material(): TlsMaterial {
    return this.#reload().material;
  }

  /** Returns the time at which the first certificate of each use expires, in milliseconds since the epoch. */
  expiry(): ReadonlyMap<CertificateUse, number> {
    return this.#reload().expiry;
  }

  #reload(): Loaded {
    try {
      this.#loaded = load(this.#paths);
      this.#problem = undefined;
    } catch (error) {
      const problem = messageOf(error);
      if (problem !== this.#problem) this.#onProblem(problem);
      this.#problem = problem;
    }
    return this.#loaded;
  }
}
