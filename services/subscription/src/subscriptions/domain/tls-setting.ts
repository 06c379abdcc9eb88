import { masked } from '../../registry/domain/audit-entry.ts';
import { exactly, shape } from '../../registry/domain/document-schema.ts';
import { limits } from './limits.ts';
import { propertiesOrNull, setting } from './setting.ts';
import type { CertificateInfo, StoredTls, TlsBody } from './tls-material.ts';

type StoredCertificate = Readonly<{ fingerprint: string; expires_at_ms: number }>;
type TlsDocument = Readonly<{
  sealed: string;
  ca: readonly StoredCertificate[];
  certificate: readonly StoredCertificate[];
}>;

const tlsSchema = {
  type: ['object', 'null'],
  properties: {
    ca: {
      type: 'string',
      maxLength: limits.certificatesLength,
      description:
        'Certificates of the authorities that verify the endpoint, in PEM, instead of the public ones.',
    },
    certificate: {
      type: 'string',
      maxLength: limits.certificatesLength,
      description: 'Client certificate with its chain, in PEM.',
    },
    key: {
      type: 'string',
      maxLength: limits.keyLength,
      writeOnly: true,
      description: 'Private key of the client certificate, in PEM. It is stored sealed and never shown.',
    },
  },
  additionalProperties: false,
  description:
    'TLS settings of the endpoint (mutual TLS, private authorities); null: only the public authorities are trusted.',
} as const;

const certificateView = ({ fingerprint, expiresAtMs }: CertificateInfo) => ({
  fingerprint_sha256: fingerprint,
  expires_at: new Date(expiresAtMs).toISOString(),
});

const shownCertificates = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      fingerprint_sha256: { type: 'string' },
      expires_at: { type: 'string', format: 'date-time' },
    },
    required: ['fingerprint_sha256', 'expires_at'],
  },
} as const;

const storedCertificates = {
  type: 'array',
  items: exactly({ fingerprint: shape.text, expires_at_ms: shape.count }),
} as const;

const toStoredCertificate = ({ fingerprint, expiresAtMs }: CertificateInfo): StoredCertificate => ({
  fingerprint,
  expires_at_ms: expiresAtMs,
});

const certificateInfo = ({ fingerprint, expires_at_ms }: StoredCertificate): CertificateInfo => ({
  fingerprint,
  expiresAtMs: expires_at_ms,
});

/** TLS of an endpoint. null: the public authorities are trusted, and no client certificate is presented. */
export const tlsSetting = setting({
  wire: 'tls',
  schema: tlsSchema,
  patchSchema: { ...tlsSchema, properties: propertiesOrNull(tlsSchema.properties) },
  default: null,
  // New material must be sealed first: see `withTls`.
  read: (given: TlsBody | null, current: StoredTls | null = null): StoredTls | null =>
    given === null ? null : current,
  shown: {
    type: ['object', 'null'],
    description: 'TLS settings. Certificates are shown by fingerprint only.',
    properties: { ca: shownCertificates, certificate: shownCertificates },
    required: ['ca', 'certificate'],
  },
  show: (tls) =>
    tls === null
      ? null
      : { ca: tls.ca.map(certificateView), certificate: tls.certificate.map(certificateView) },
  // Records carry the sealed part alone.
  isOnTopic: false,
  stored: {
    oneOf: [
      { type: 'null' },
      exactly({ sealed: shape.text, ca: storedCertificates, certificate: storedCertificates }),
    ],
  },
  toStored: (tls): TlsDocument | null =>
    tls === null
      ? null
      : {
          sealed: tls.sealed,
          ca: tls.ca.map(toStoredCertificate),
          certificate: tls.certificate.map(toStoredCertificate),
        },
  fromStored: (tls) =>
    tls === null
      ? null
      : {
          sealed: tls.sealed,
          ca: tls.ca.map(certificateInfo),
          certificate: tls.certificate.map(certificateInfo),
        },
  mask: (tls) => (tls === null ? null : { ...tls, sealed: masked }),
});
