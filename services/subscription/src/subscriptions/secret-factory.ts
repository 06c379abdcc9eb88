import { randomUUID } from 'node:crypto';
import {
  type SealedHeader,
  type SignatureStyle,
  type SubscriptionId,
  sealedHeaderField,
  type WorkspaceId,
} from '@tidings/contracts';
import { AppError, type KeyRing, seal, unseal } from '@tidings/runtime';
import { generateKeyPair, generateSecret, prepareSecret, publicKeyOf, SigningError } from '@tidings/signing';
import type { StoredSecret } from './domain/signing-secrets.ts';
import { readTls, type StoredTls, type TlsBody } from './domain/tls-material.ts';

/** The subscription that a secret belongs to. A sealed secret opens for no other. */
export type SecretOwner = Readonly<{ workspaceId: WorkspaceId; subscriptionId: SubscriptionId }>;

/** Makes the id of a secret. */
export const newSecretId = (): string => `sec_${randomUUID().replaceAll('-', '')}`;

/** What is minted. `own` is a secret that the caller brings; `id` is a new one where it was not reserved. */
export type SecretRequest = SecretOwner &
  Readonly<{ id?: string | undefined; style: SignatureStyle; own: string | undefined; nowMs: number }>;

/** The secret as its owner sees it this once, null for a key pair (its owner gets the public key), and as it is kept. */
export type CreatedSecret = Readonly<{ shown: string | null; stored: StoredSecret }>;

const associated = ({ workspaceId, subscriptionId }: SecretOwner, field = 'secrets'): readonly string[] => [
  workspaceId,
  subscriptionId,
  field,
];

/** What TLS to an endpoint uses of its own, in PEM. */
export type TlsMaterial = Readonly<{ ca?: string; cert?: string; key?: string }>;

/** Makes, seals and opens what only its owner may know. Nothing but these functions ever holds it in the clear. */
export class SecretFactory {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** A new secret, or the caller's own. Throws AppError `unprocessable` when that one is not of the style. */
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

  /** Which of these secrets has the same key as `own`, whatever way either is written; undefined when none has. */
  findSame(secrets: readonly StoredSecret[], own: string, owner: SecretOwner): StoredSecret | undefined {
    const { key } = prepareSecret(own);
    return secrets.find(({ sealed }) => {
      const known = this.#openIfPossible(() => this.open(sealed, owner));
      return known !== null && prepareSecret(known).key.equals(key);
    });
  }

  /** The secret in the clear. Throws AppError `seal-broken` when its key is gone or it belongs elsewhere. */
  open(sealed: string, owner: SecretOwner): string {
    return unseal(this.#ring, sealed, associated(owner));
  }

  /** A header with its value sealed; `known` when that is the same value already, so that nothing changes. */
  sealHeader(
    owner: SecretOwner,
    { name, value }: Readonly<{ name: string; value: string }>,
    known?: SealedHeader,
  ): SealedHeader {
    if (known?.name === name && this.#openIfPossible(() => this.openHeader(owner, known)) === value)
      return known;
    return { name, sealed: seal(this.#ring, value, associated(owner, sealedHeaderField(name))) };
  }

  /** The value of a sealed header. Throws AppError `seal-broken` as `open` does. */
  openHeader(owner: SecretOwner, { name, sealed }: SealedHeader): string {
    return unseal(this.#ring, sealed, associated(owner, sealedHeaderField(name)));
  }

  #openIfPossible(open: () => string): string | null {
    try {
      return open();
    } catch (error) {
      // Its key is gone: a new value is the way out.
      if (error instanceof AppError && error.code === 'seal-broken') return null;
      throw error;
    }
  }

  /** The TLS of an endpoint, which has passed its rules, as it is kept. */
  sealTls(body: TlsBody, nowMs: number, owner: SecretOwner): StoredTls {
    const { ca, certificate } = readTls(body, nowMs);
    const material = { ca: body.ca, cert: body.certificate, key: body.key };
    return { sealed: seal(this.#ring, JSON.stringify(material), associated(owner, 'tls')), ca, certificate };
  }

  /** The TLS of an endpoint in the clear, as it was given. Throws AppError `seal-broken` as `open` does. */
  openTlsBody(sealed: string, owner: SecretOwner): TlsBody {
    const { cert: certificate, ...rest } = this.openTls(sealed, owner);
    return certificate === undefined ? rest : { ...rest, certificate };
  }

  /** The TLS of an endpoint in the clear. Throws AppError `seal-broken` as `open` does. */
  openTls(sealed: string, owner: SecretOwner): TlsMaterial {
    return JSON.parse(unseal(this.#ring, sealed, associated(owner, 'tls'))) as TlsMaterial;
  }
}

function requireStyle(own: string, style: SignatureStyle): void {
  const wanted = style === 'v1a' ? 'whsk_' : 'whsec_';
  const isWanted = own.startsWith(wanted);
  const detail = isWanted ? faultOf(own) : `must begin with '${wanted}' for signature_style '${style}'`;
  if (detail === null) return;
  const details = [{ pointer: '/secret', detail }];
  throw new AppError({
    code: 'unprocessable',
    message: `The body breaks a rule: /secret ${detail}.`,
    details,
  });
}

function faultOf(own: string): string | null {
  try {
    prepareSecret(own);
    return null;
  } catch (error) {
    // Its message says what is wrong without showing the secret.
    if (error instanceof SigningError) return error.message;
    throw error;
  }
}
