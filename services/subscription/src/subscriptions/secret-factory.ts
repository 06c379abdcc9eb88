import { randomUUID } from 'node:crypto';
import {
  type SealedHeader,
  type SignatureStyle,
  type SubscriptionId,
  sealedHeaderField,
  type WorkspaceId,
} from '@tidings/contracts';
import { AppError, type KeyRing, refused, seal, unseal } from '@tidings/runtime';
import { generateKeyPair, generateSecret, prepareSecret, publicKeyOf, SigningError } from '@tidings/signing';
import type { StoredSecret } from './domain/signing-secrets.ts';
import { readTls, type StoredTls, type TlsBody, unindented } from './domain/tls-material.ts';

/** The subscription that a secret belongs to. A sealed secret cannot be opened for another. */
export type SecretOwner = Readonly<{ workspaceId: WorkspaceId; subscriptionId: SubscriptionId }>;

/** Creates the id of a secret. */
export const newSecretId = (): string => `sec_${randomUUID().replaceAll('-', '')}`;

/** A request for a secret. `own` is a secret from the caller; `id` is generated unless it was reserved. */
export type SecretRequest = SecretOwner &
  Readonly<{ id?: string | undefined; style: SignatureStyle; own: string | undefined; nowMs: number }>;

/**
 * A created secret: as shown once to its owner, null for a key pair (the owner receives the public key), and as stored.
 */
export type CreatedSecret = Readonly<{ shown: string | null; stored: StoredSecret }>;

const associated = ({ workspaceId, subscriptionId }: SecretOwner, field = 'secrets'): readonly string[] => [
  workspaceId,
  subscriptionId,
  field,
];

/** TLS material for requests to an endpoint, in PEM. */
export type TlsMaterial = Readonly<{ ca?: string; cert?: string; key?: string }>;

/** Creates, seals and opens the secrets of subscriptions. Only these functions hold them in plain text. */
export class SecretFactory {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** Creates a secret, or seals the caller's own. Throws AppError `unprocessable` when that does not fit the style. */
  create(request: SecretRequest): CreatedSecret {
    const { id = newSecretId(), style, own, nowMs } = request;
    const isPair = style === 'v1a';
    const secret = own ?? (isPair ? generateKeyPair().secret : generateSecret());
    if (own !== undefined) requireStyle(own, style);
    return {
      shown: isPair ? null : secret,
      stored: {
        id,
        sealed: seal(this.#ring, secret, associated(request)),
        createdAtMs: nowMs,
        expiresAtMs: null,
        publicKey: isPair ? publicKeyOf(secret) : null,
      },
    };
  }

  /** Returns the secret that has the same key as `own`, regardless of its encoding; undefined when there is none. */
  findSame(secrets: readonly StoredSecret[], own: string, owner: SecretOwner): StoredSecret | undefined {
    const { key } = prepareSecret(own);
    return secrets.find(({ sealed }) => {
      const known = this.#openIfPossible(() => this.open(sealed, owner));
      return known !== null && prepareSecret(known).key.equals(key);
    });
  }

  /**
   * Returns the secret in plain text. Throws AppError `seal-broken` when its key is unavailable or its owner is
   * another.
   */
  open(sealed: string, owner: SecretOwner): string {
    return unseal(this.#ring, sealed, associated(owner));
  }

  /** Seals the value of a header; returns `known` when it already holds the same value, so that nothing changes. */
  sealHeader(
    owner: SecretOwner,
    { name, value }: Readonly<{ name: string; value: string }>,
    known?: SealedHeader,
  ): SealedHeader {
    if (known?.name === name && this.#openIfPossible(() => this.openHeader(owner, known)) === value)
      return known;
    return { name, sealed: seal(this.#ring, value, associated(owner, sealedHeaderField(name))) };
  }

  /** Returns the value of a sealed header. Throws AppError `seal-broken` as `open` does. */
  openHeader(owner: SecretOwner, { name, sealed }: SealedHeader): string {
    return unseal(this.#ring, sealed, associated(owner, sealedHeaderField(name)));
  }

  #openIfPossible(open: () => string): string | null {
    try {
      return open();
    } catch (error) {
      // The sealing key is unavailable; the owner can set a new value.
      if (error instanceof AppError && error.code === 'seal-broken') return null;
      throw error;
    }
  }

  /** Seals the validated TLS settings of an endpoint. */
  sealTls(body: TlsBody, nowMs: number, owner: SecretOwner): StoredTls {
    const { ca, certificate } = readTls(body, nowMs);
    const pem = unindented(body);
    const material = { ca: pem.ca, cert: pem.certificate, key: pem.key };
    return { sealed: seal(this.#ring, JSON.stringify(material), associated(owner, 'tls')), ca, certificate };
  }

  /**
   * Returns the TLS settings of an endpoint in plain text, as a body names them. Throws AppError `seal-broken` as `open`
   * does.
   */
  openTlsBody(sealed: string, owner: SecretOwner): TlsBody {
    const { cert: certificate, ...rest } = this.openTls(sealed, owner);
    return certificate === undefined ? rest : { ...rest, certificate };
  }

  /** Returns the TLS material of an endpoint in plain text. Throws AppError `seal-broken` as `open` does. */
  openTls(sealed: string, owner: SecretOwner): TlsMaterial {
    return JSON.parse(unseal(this.#ring, sealed, associated(owner, 'tls'))) as TlsMaterial;
  }
}

function requireStyle(own: string, style: SignatureStyle): void {
  const wanted = style === 'v1a' ? 'whsk_' : 'whsec_';
  const isWanted = own.startsWith(wanted);
  const detail = isWanted ? faultOf(own) : `must begin with '${wanted}' for signature_style '${style}'`;
  if (detail !== null) throw refused([{ pointer: '/secret', detail }]);
}

function faultOf(own: string): string | null {
  try {
    prepareSecret(own);
    return null;
  } catch (error) {
    // The message describes the fault without the secret.
    if (error instanceof SigningError) return error.message;
    throw error;
  }
}
