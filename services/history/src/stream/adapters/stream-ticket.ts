import { randomUUID } from 'node:crypto';
import type { BrowserSession, Principal } from '@tidings/http';
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
  /** When that token was issued, and the browser session; absent in tickets of an earlier release. */
  issuedAtMs?: number;
  session?: BrowserSession;
  rate: number | null;
  expiresAtMs: number;
  nonce: string;
}>;

const purpose = ['stream-ticket'] as const;

/**
 * Tickets for callers that cannot send headers. A ticket is sealed with the key ring of the installation, so every
 * instance can read it and none has to know it; it holds what its caller may see, and an end. An instance remembers the
 * tickets that were used at it until they expire: it accepts each once.
 */
export class StreamTickets {
  readonly #ring: KeyRing;
  readonly #clock: Clock;
  /** Used tickets of this period and of the one before. */
  #younger = new Set<string>();
  #older: ReadonlySet<string> = new Set();
  #periodEndsAtMs = 0;

  constructor(ring: KeyRing, clock: Clock) {
    this.#ring = ring;
    this.#clock = clock;
  }

  /** Creates a ticket for what a principal may see. */
  issue(principal: Principal): Readonly<{ ticket: string; expiresAtMs: number }> {
    const { keyId, workspaceId, consumerId, grantedBy = null, expiresAtMs: endsAtMs = null } = principal;
    const { issuedAtMs, session } = principal;
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
      ...(issuedAtMs !== undefined && { issuedAtMs }),
      ...(session !== undefined && { session }),
    };
    return { ticket: seal(this.#ring, JSON.stringify(content), purpose), expiresAtMs };
  }

  /** Returns the principal of a ticket, which is used up. Throws AppError `unauthorized` (401) for any other text. */
  redeem(ticket: string): Principal {
    const content = this.#read(ticket);
    const nowMs = this.#clock.nowMs();
    this.#forget(nowMs);
    if (content === null) throw refused('The ticket is none of this installation');
    if (content.expiresAtMs <= nowMs) throw refused('The ticket has expired');
    if (this.#younger.has(content.nonce) || this.#older.has(content.nonce))
      throw refused('The ticket was used');
    this.#younger.add(content.nonce);
    const { keyId, workspaceId, consumerId, grantedBy, endsAtMs, rate, issuedAtMs, session } = content;
    return {
      ...{ keyId, workspaceId, consumerId, scopes: new Set(['deliveries:read']) },
      ...(grantedBy === null ? {} : { grantedBy }),
      ...(endsAtMs === null ? {} : { expiresAtMs: endsAtMs }),
      ...(rate === null ? {} : { requestsPerSecond: rate }),
      ...(issuedAtMs === undefined ? {} : { issuedAtMs }),
      ...(session === undefined ? {} : { session }),
    };
  }

  #read(ticket: string): Content | null {
    try {
      return JSON.parse(unseal(this.#ring, ticket, purpose)) as Content;
    } catch {
      // Not sealed by a key of the ring: whatever it is, it grants nothing.
      return null;
    }
  }

  #forget(nowMs: number): void {
    if (nowMs < this.#periodEndsAtMs) return;
    this.#older = nowMs < this.#periodEndsAtMs + ticketMs ? this.#younger : new Set();
    this.#younger = new Set();
    this.#periodEndsAtMs = nowMs + ticketMs;
  }
}

function refused(problem: string): AppError {
  const message = `${problem}: ask for another at POST /v1/webhooks/stream-tickets.`;
  return new AppError({ code: 'unauthorized', message });
}
