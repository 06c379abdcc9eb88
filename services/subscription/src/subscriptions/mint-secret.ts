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

/** The subscription that a secret belongs to. A sealed secret opens for no other. */
export type SecretOwner = Readonly<{ workspaceId: WorkspaceId; subscriptionId: SubscriptionId }>;

/** What is minted. `own` is a secret that the caller brings. */
export type Minting = SecretOwner &
  Readonly<{ style: SignatureStyle; own: string | undefined; nowMs: number }>;

/** The secret as its owner sees it this once, null for a key pair (its owner gets the public key), and as it is kept. */
export type Minted = Readonly<{ shown: string | null; stored: StoredSecret }>;

const associated = ({ workspaceId, subscriptionId }: SecretOwner, field = 'secrets'): readonly string[] => [
  workspaceId,
  subscriptionId,
  field,
];

/** Makes, seals and opens signing secrets and header values. Nothing else ever holds one in the clear. */
export class SecretMint {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /** A new secret, or the caller's own. Throws AppError `unprocessable` when that one is not of the style. */
  mint(minting: Minting): Minted {
    const { style, own, nowMs } = minting;
    const isPair = style === 'v1a';
    const secret = own ?? (isPair ? generateKeyPair().secret : generateSecret());
    if (own !== undefined) requireStyle(own, style);
    return {
      shown: isPair ? null : secret,
      stored: {
        id: `sec_${randomUUID().replaceAll('-', '')}`,
        sealed: seal(this.#ring, secret, associated(minting)),
        createdAtMs: nowMs,
        expiresAtMs: null,
        publicKey: isPair ? publicKeyOf(secret) : null,
      },
    };
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
    if (known?.name === name && this.#isSealedIn(known, owner, value)) return known;
    return { name, sealed: seal(this.#ring, value, associated(owner, sealedHeaderField(name))) };
  }

  /** The value of a sealed header. Throws AppError `seal-broken` as `open` does. */
  openHeader(owner: SecretOwner, { name, sealed }: SealedHeader): string {
    return unseal(this.#ring, sealed, associated(owner, sealedHeaderField(name)));
  }

  #isSealedIn(header: SealedHeader, owner: SecretOwner, value: string): boolean {
    try {
      return this.openHeader(owner, header) === value;
    } catch (error) {
      // Its key is gone: a new value is the way out.
      if (error instanceof AppError && error.code === 'seal-broken') return false;
      throw error;
    }
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
