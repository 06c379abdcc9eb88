import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

// DER (X.690) as far as a certificate (RFC 5280) requires it, so that tests require neither openssl nor a library.
const tag = (id: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const size =
    content.length < 0x80
      ? Buffer.of(content.length)
      : content.length < 0x100
        ? Buffer.of(0x81, content.length)
        : Buffer.of(0x82, content.length >> 8, content.length & 0xff);
  return Buffer.concat([Buffer.of(id), size, content]);
};
const sequence = (...parts: readonly Buffer[]) => tag(0x30, ...parts);
const integer = (bytes: Buffer) => tag(0x02, bytes);
const octets = (bytes: Buffer) => tag(0x04, bytes);
const bits = (bytes: Buffer) => tag(0x03, Buffer.of(0), bytes);
const yes = tag(0x01, Buffer.of(0xff));
const oid = (hex: string) => tag(0x06, Buffer.from(hex, 'hex'));

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const commonName = oid('550403');
const basicConstraints = oid('551d13');
const subjectAltName = oid('551d11');

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tag(0x18, Buffer.from(text));
}

function nameOf(text: string): Buffer {
  return sequence(tag(0x31, sequence(commonName, tag(0x0c, Buffer.from(text)))));
}

function altName(host: string): Buffer {
  const isIpv4 = /^\d+(\.\d+){3}$/.test(host);
  return isIpv4 ? tag(0x87, Buffer.from(host.split('.').map(Number))) : tag(0x82, Buffer.from(host));
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** A certificate and its private key, in PEM. */
export type Certificate = Readonly<{ cert: string; key: string }>;

/** Contents of a certificate. */
export type CertificateOptions = Readonly<{
  /** Names and IPv4 addresses of the certificate; the first is its common name. */
  hosts?: readonly string[];
  /** Validity, milliseconds since the epoch; default from an hour ago to an hour from now. */
  notBeforeMs?: number;
  notAfterMs?: number;
  /** Signing authority; default self-signed. */
  issuer?: Certificate & Readonly<{ name: string }>;
  /** Marks it as a certificate authority. */
  isAuthority?: boolean;
}>;

function extensions({ hosts = [], isAuthority = false }: CertificateOptions): Buffer {
  const list = [sequence(basicConstraints, yes, octets(isAuthority ? sequence(yes) : sequence()))];
  if (hosts.length > 0) list.push(sequence(subjectAltName, octets(sequence(...hosts.map(altName)))));
  return tag(0xa3, sequence(...list));
}

/** Creates an ECDSA P-256 certificate. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { hosts = [], issuer } = options;
  const hour = 3_600_000;
  const { notBeforeMs = Date.now() - hour, notAfterMs = Date.now() + hour } = options;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = hosts[0] ?? 'tidings test';
  const version3 = tag(0xa0, integer(Buffer.of(2)));
  const serial = integer(Buffer.concat([Buffer.of(0x01), randomBytes(8)]));
  const body = sequence(
    version3,
    serial,
    ecdsaWithSha256,
    nameOf(issuer?.name ?? subject),
    sequence(time(notBeforeMs), time(notAfterMs)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(options),
  );
  const signer: KeyObject = issuer === undefined ? privateKey : createPrivateKey(issuer.key);
  const der = sequence(body, ecdsaWithSha256, bits(sign('sha256', body, signer)));
  return {
    cert: toPem('CERTIFICATE', der),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A private certificate authority: its certificate, and certificates signed by it. */
export type Authority = Readonly<{
  /** Certificate of the authority in PEM, to be trusted. */
  cert: string;
  issue: (options: Omit<CertificateOptions, 'issuer' | 'isAuthority'>) => Certificate;
}>;

/** Creates a certificate authority that no trust store contains yet. */
export function makeAuthority(name = 'tidings test authority'): Authority {
  const own = makeCertificate({ hosts: [name], isAuthority: true });
  return {
    cert: own.cert,
    issue: (options) => makeCertificate({ ...options, issuer: { ...own, name } }),
  };
}
