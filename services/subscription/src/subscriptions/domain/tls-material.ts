import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { withoutIndent } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';

/**
 * TLS settings of an endpoint from its owner, in PEM: authorities to trust, and the client certificate with its key.
 */
export type TlsBody = Readonly<{ ca?: string; certificate?: string; key?: string }>;

/** Public information about a certificate. The fingerprint is SHA-256 over its DER, in hex digits. */
export type CertificateInfo = Readonly<{ fingerprint: string; expiresAtMs: number }>;

/** TLS settings of an endpoint as the registry stores them. `sealed` is JSON `{ ca?, cert?, key? }`. */
export type StoredTls = Readonly<{
  sealed: string;
  ca: readonly CertificateInfo[];
  /** The client certificate, followed by its chain. Empty: none is presented. */
  certificate: readonly CertificateInfo[];
}>;

type ReadTls = Omit<StoredTls, 'sealed'> & Readonly<{ faults: readonly ErrorDetail[] }>;

/** Returns the body with its PEM as it is parsed and stored. */
export const unindented = (body: TlsBody): TlsBody =>
  Object.fromEntries(Object.entries(body).map(([field, pem]) => [field, withoutIndent(pem)]));

const block = /^-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\s]+^-----END CERTIFICATE-----$/gm;

// RFC 7468 section 2 allows text around the blocks, and most bundles name each certificate there.
function certificatesOf(pem: string): readonly X509Certificate[] | null {
  const blocks = pem.match(block) ?? [];
  if (blocks.length === 0 || /-----(?:BEGIN|END) /.test(pem.replaceAll(block, ''))) return null;
  try {
    return blocks.map((text) => new X509Certificate(text));
  } catch {
    // The base64 of a block is not a certificate; details would not help the caller.
    return null;
  }
}

function keyOf(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    // Not PEM, not a key, or encrypted with a passphrase: the fault names all three.
    return null;
  }
}

const recordInfoOf = (certificates: readonly X509Certificate[]): readonly CertificateInfo[] =>
  certificates.map(({ fingerprint256, validTo }) => ({
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    expiresAtMs: Date.parse(validTo),
  }));

type Field = 'ca' | 'certificate' | 'key';
const faultAt = (field: Field, detail: string): ErrorDetail => ({ pointer: `/tls/${field}`, detail });

function readCertificates(field: 'ca' | 'certificate', pem: string | undefined, nowMs: number) {
  if (pem === undefined) return { faults: [], found: [] };
  const found = certificatesOf(pem);
  if (found === null)
    return {
      faults: [
        faultAt(
          field,
          'must be certificates in PEM, with each marker on its own line, and may contain text but no other PEM blocks between them',
        ),
      ],
      found: [],
    };
  const expired = recordInfoOf(found).find(({ expiresAtMs }) => expiresAtMs <= nowMs);
  if (expired === undefined) return { faults: [], found };
  const when = new Date(expired.expiresAtMs).toISOString();
  return { faults: [faultAt(field, `contains a certificate that expired at ${when}`)], found };
}

function keyFaults(
  { certificate, key }: TlsBody,
  client: X509Certificate | undefined,
): readonly ErrorDetail[] {
  if (certificate === undefined && key === undefined) return [];
  if (key === undefined) return [faultAt('key', 'is missing: a client certificate requires its private key')];
  if (certificate === undefined)
    return [faultAt('certificate', 'is missing: a private key requires its certificate')];
  const read = keyOf(key);
  if (read === null) return [faultAt('key', 'must be a private key in PEM without a passphrase')];
  if (client === undefined || client.checkPrivateKey(read)) return [];
  return [faultAt('key', 'does not belong to the first certificate')];
}

/** Parses the TLS settings of an endpoint; returns their faults and the public information about the certificates. */
export function readTls(given: TlsBody, nowMs: number): ReadTls {
  const body = unindented(given);
  const ca = readCertificates('ca', body.ca, nowMs);
  const client = readCertificates('certificate', body.certificate, nowMs);
  const isEmpty = body.ca === undefined && body.certificate === undefined && body.key === undefined;
  const nothing = {
    pointer: '/tls',
    detail: 'must contain ca, or certificate and key; send null for no TLS settings',
  };
  return {
    faults: [
      ...(isEmpty ? [nothing] : []),
      ...ca.faults,
      ...client.faults,
      ...keyFaults(body, client.found[0]),
    ],
    ca: recordInfoOf(ca.found),
    certificate: recordInfoOf(client.found),
  };
}

/** Returns true when both hold the same certificates, and therefore the same key. */
export const isSameTls = (a: Omit<StoredTls, 'sealed'>, b: Omit<StoredTls, 'sealed'>): boolean =>
  JSON.stringify([a.ca, a.certificate]) === JSON.stringify([b.ca, b.certificate]);
