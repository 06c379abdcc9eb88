import { createHash } from 'node:crypto';
import type { HeaderFields } from '@tidings/contracts';
import { JsonScanner, NotJson, parseExactly } from '@tidings/json';
import { maxPayloadDepth } from './payload.ts';
import type { HookFailure, Provider, RequestHead, Verification } from './provider.ts';
import { checkHeaders, type HookIdentity, identityOf, keptHeaders } from './receive-hook.ts';

/** The event of a request whose body was not held. `large`: its size in bytes, and its SHA-256 in hex. */
export type LargeHook = HookIdentity & Readonly<{ large: Readonly<{ bytes: number; sha256: string }> }>;

/** The result of such a request. unreadable: the body is the provider's, but no JSON object whose members can be read. */
export type LargeReception =
  | Readonly<{ outcome: 'event'; hook: LargeHook; headers: HeaderFields }>
  | Readonly<{ outcome: 'unreadable' }>
  | Readonly<{ outcome: 'refused'; reason: HookFailure }>;

/** Reads a body that comes in chunks. `end` is called once, after the last. Neither throws for what the sender sent. */
export type LargeHookReader = Readonly<{ push(chunk: Buffer): void; end(): LargeReception }>;

// The objects in which providers say what happened are a few kilobytes.
const maxMemberBytes = 65_536;
const maxOutlineBytes = 524_288;

/**
 * A JSON document that comes in chunks, with `null` for the members of its outermost object that are larger than 64 KiB, or
 * for which half a megabyte has no room.
 */
class Outline {
  readonly #scanner = new JsonScanner({ name: null, maxDepth: maxPayloadDepth });
  #kept: Buffer[] = [];
  #bytes = 0;
  #member: Buffer[] = [];
  #memberBytes = 0;
  #isInside = false;
  #isUnreadable = false;

  push(chunk: Buffer): void {
    if (this.#isUnreadable) return;
    try {
      for (const { isInside, bytes } of this.#scanner.push(chunk)) {
        if (!isInside && this.#isInside) this.#endMember();
        this.#isInside = isInside;
        if (isInside) this.#addToMember(bytes);
        else this.#keep(bytes);
      }
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      this.#giveUp();
    }
  }

  /** Returns the value of the outline; undefined if the document is no JSON, or has too much beside its members. */
  end(): unknown {
    try {
      if (!this.#isUnreadable) this.#scanner.end();
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      this.#giveUp();
    }
    return this.#isUnreadable ? undefined : parseExactly(Buffer.concat(this.#kept));
  }

  #addToMember(bytes: Buffer): void {
    this.#memberBytes += bytes.length;
    // A copy: what it is a part of would stay in memory with it.
    if (this.#hasRoom()) this.#member.push(Buffer.from(bytes));
    else this.#member = [];
  }

  #endMember(): void {
    if (this.#hasRoom()) for (const part of this.#member) this.#keep(part);
    else this.#keep(Buffer.from('null'));
    this.#member = [];
    this.#memberBytes = 0;
  }

  #hasRoom(): boolean {
    return this.#memberBytes <= maxMemberBytes && this.#bytes + this.#memberBytes <= maxOutlineBytes;
  }

  #keep(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > 2 * maxOutlineBytes) this.#giveUp();
    else this.#kept.push(Buffer.from(bytes));
  }

  #giveUp(): void {
    this.#isUnreadable = true;
    this.#kept = [];
    this.#member = [];
  }
}

/**
 * Begins to receive a request whose body is too large to be held: verifies, hashes and reads it as it comes. Id, type and
 * ordering key are those in its headers and in members of up to 64 KiB; larger ones count as missing. Returns null for a
 * provider or signature that needs the whole body.
 */
export function readLargeHook(
  provider: Provider,
  head: RequestHead,
  against: Verification,
): LargeHookReader | null {
  const { headers } = head;
  const failure = checkHeaders(provider, headers, against);
  const check = provider.checkBody?.(head, against) ?? null;
  if (check === null) return null;
  const hash = createHash('sha256');
  const outline = new Outline();
  let bytes = 0;
  return {
    push: (chunk) => {
      bytes += chunk.length;
      check.update(chunk);
      hash.update(chunk);
      outline.push(chunk);
    },
    end: () => {
      const reason = failure ?? check.failure();
      if (reason !== null) return { outcome: 'refused', reason };
      const value = outline.end();
      if (value === undefined) return { outcome: 'unreadable' };
      const sha256 = hash.digest('hex');
      const payload = { data: Buffer.alloc(0), value, sha256 };
      const identity = identityOf(provider, { headers, payload, options: against.options, index: null });
      const hook = { ...identity, large: { bytes, sha256 } };
      return { outcome: 'event', hook, headers: keptHeaders(provider, headers, against) };
    },
  };
}
