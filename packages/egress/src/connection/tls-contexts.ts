import { createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { withoutIndent } from '@tidings/contracts';
import { BoundedMap } from '@tidings/runtime';

/** TLS options of one request, all in PEM (blanks around its lines are ignored). Only requests with the same options share sockets. */
export type TlsOptions = Readonly<{
  /** Trusted certificates, in place of the public ones. */
  ca?: string;
  /** Client certificate (chain) and its key, for mTLS. */
  cert?: string;
  key?: string;
}>;

/** A context and the name under which its sockets are pooled. */
export type TlsIdentity = Readonly<{ digest: string; context: SecureContext }>;

// A context costs milliseconds and about 100 KB of roots.
const maxContexts = 256;

function readable(options: TlsOptions): TlsOptions {
  return Object.fromEntries(Object.entries(options).map(([field, pem]) => [field, withoutIndent(pem)]));
}

/** A bounded cache of TLS contexts. */
export class TlsContexts {
  #common: TlsIdentity | undefined;
  readonly #digests = new WeakMap<TlsOptions, string>();
  readonly #identities = new BoundedMap<string, TlsIdentity>(maxContexts);

  /** Returns the identity for these options, or the one that trusts the public roots. Throws for invalid PEM. */
  find(options: TlsOptions | undefined): TlsIdentity {
    if (options === undefined) {
      this.#common ??= { digest: '', context: createSecureContext() };
      return this.#common;
    }
    const digest = this.#digestOf(options);
    const known = this.#identities.get(digest);
    if (known !== undefined) return known;
    const identity = { digest, context: createSecureContext(readable(options)) };
    this.#identities.set(digest, identity);
    return identity;
  }

  #digestOf(options: TlsOptions): string {
    const known = this.#digests.get(options);
    if (known !== undefined) return known;
    const { ca = null, cert = null, key = null } = options;
    const digest = createHash('sha256')
      .update(JSON.stringify([ca, cert, key]))
      .digest('base64url');
    this.#digests.set(options, digest);
    return digest;
  }
}
