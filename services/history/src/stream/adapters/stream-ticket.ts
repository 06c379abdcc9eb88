import { randomUUID } from 'node:crypto';
import type { BrowserSession, IdempotencyStore, Principal } from '@tidings/http';
import { AppError, type Clock, type KeyRing, seal, unseal } from '@tidings/runtime';

/** Time for which a ticket can be used. */
const ticketMs = 60_000;

type Content = Readonly<{
  keyId: string;
  workspaceId: string;
  consumerId: string | null;
  grantedBy: string | null;
  /** End of the token that asked for it; null for a key. */
  endsAtMs: number | null;
  /** The key pair that signed that token, when it was issued, and the browser session; absent in tickets of an earlier release. */
  tokenKeyId?: string;
  issuedAtMs?: number;
  session?: BrowserSession;
  rate: number | null;
  expiresAtMs: number;
  nonce: string;
}>;

const purpose = ['stream-ticket'] as const;

/** The store in which a used ticket is an entry: of all instances that claim it, one is the first. */
export type UsedTickets = Pick<IdempotencyStore, 'claim'>;

// The clocks of the instances differ: an entry that is swept early would let its ticket be used again.
const keptMs = 10 * 60_000;

/**
 * Tickets for callers that cannot send headers. A ticket is sealed with the key ring of the installation, so every
 * instance can read it and none has to know it; it holds what its caller may see, and an end. Its use is an entry in the
 * database that all instances share: it opens one stream, whichever of them it is shown to.
 */
export class StreamTickets {
  readonly #ring: KeyRing;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #used: UsedTickets;

  constructor(ring: KeyRing, clock: Pick<Clock, 'nowMs'>, used: UsedTickets) {
    this.#ring = ring;
    this.#clock = clock;
    this.#used = used;
  }

  /** Creates a ticket for what a principal may see. */
  issue(principal: Principal): Readonly<{ ticket: string; expiresAtMs: number }> {
    const { keyId, workspaceId, consumerId, grantedBy = null, expiresAtMs: endsAtMs = null } = principal;
    const { tokenKeyId, issuedAtMs, session } = principal;
    const expiresAtMs = this.#clock.nowMs() + ticketMs;
    const rate = principal.requestsPerSecond ?? null;
    const nonce = randomUUID();
    const content: Content = {
      keyId,
      workspaceId,
      consumerId,
      grantedBy,
      endsAtMs,
      rate,
      expiresAtMs,
      nonce,
      ...(tokenKeyId !== undefined && { tokenKeyId }),
      ...(issuedAtMs !== undefined && { issuedAtMs }),
      ...(session !== undefined && { session }),
    };
    return { ticket: seal(this.#ring, JSON.stringify(content), purpose), expiresAtMs };
  }

  /**
   * Returns the principal of a ticket, which is used up unless `isStillValid` refuses its principal. Rejects with AppError
   * `unauthorized` (401) for any other text, and `unavailable` if the database does not answer.
   */
  async redeem(ticket: string, isStillValid: (principal: Principal) => boolean): Promise<Principal> {
    const content = this.#read(ticket);
    const nowMs = this.#clock.nowMs();
    if (content === null) throw refused('The ticket is none of this installation');
    if (content.expiresAtMs <= nowMs) throw refused('The ticket has expired');
    const principal = principalOf(content);
    if (!isStillValid(principal)) throw refused('The key that asked for the ticket is no longer valid');
    const { nonce, expiresAtMs } = content;
    const earlier = await this.#used.claim({
      ...{ id: `stream-ticket/${nonce}`, fingerprint: nonce, reservedId: nonce, claim: nonce, answer: null },
      ...{ claimedUntilMs: expiresAtMs, expiresAtMs: expiresAtMs + keptMs },
    });
    if (earlier !== null) throw refused('The ticket was used');
    return principal;
  }

  #read(ticket: string): Content | null {
    try {
      return JSON.parse(unseal(this.#ring, ticket, purpose)) as Content;
    } catch {
      // Not sealed by a key of the ring: whatever it is, it grants nothing.
      return null;
    }
  }
}

const principalOf = ({ keyId, workspaceId, consumerId, ...content }: Content): Principal => ({
  ...{ keyId, workspaceId, consumerId, scopes: new Set(['deliveries:read']) },
  ...(content.grantedBy === null ? {} : { grantedBy: content.grantedBy }),
  ...(content.endsAtMs === null ? {} : { expiresAtMs: content.endsAtMs }),
  ...(content.rate === null ? {} : { requestsPerSecond: content.rate }),
  ...(content.tokenKeyId === undefined ? {} : { tokenKeyId: content.tokenKeyId }),
  ...(content.issuedAtMs === undefined ? {} : { issuedAtMs: content.issuedAtMs }),
  ...(content.session === undefined ? {} : { session: content.session }),
});

function refused(problem: string): AppError {
  const message = `${problem}: ask for another at POST /v1/webhooks/stream-tickets.`;
  return new AppError({ code: 'unauthorized', message });
}
