import { timingSafeEqual } from 'node:crypto';
import {
  type AccessRecord,
  type ApiKeyRecord,
  accessKeyPrefixes,
  type ConsumerRecord,
  type TokenKeyRecord,
  type WorkspaceRecord,
} from '@tidings/contracts';
import { hashOfKey } from './api-key.ts';

/** In-memory lookup table of access records. Deleted records are not in it. */
export class AccessTable {
  readonly #records = new Map<string, AccessRecord>();
  readonly #keyOfHash = new Map<string, string>();
  #hasHadKeys = false;

  /** Applies a change: `key` is the key of the record; an undefined `record` removes it. */
  apply(key: string, record: AccessRecord | undefined): void {
    const before = this.#records.get(key);
    if (record !== undefined && before !== undefined && before.version > record.version) return;
    if (before?.type === 'ApiKeyChanged.v1' && this.#keyOfHash.get(before.hash) === key) {
      this.#keyOfHash.delete(before.hash);
    }
    if (record === undefined || record.state === 'deleted') {
      this.#records.delete(key);
      return;
    }
    this.#records.set(key, record);
    // A revoked key must not displace an active one that has since been given the same key (the operator's own).
    if (record.type === 'ApiKeyChanged.v1' && record.state === 'active') {
      this.#keyOfHash.set(record.hash, key);
      this.#hasHadKeys = true;
    }
  }

  /** False until the first key arrives: before that the platform is still being set up, and no key can be valid. */
  get hasHadKeys(): boolean {
    return this.#hasHadKeys;
  }

  /** Number of active keys, expired ones included. */
  get keys(): number {
    return this.#keyOfHash.size;
  }

  /** Counts the active keys that expire within a time from now, in milliseconds. Those that have expired do not count. */
  countExpiring(nowMs: number, withinMs: number): number {
    let count = 0;
    for (const id of this.#keyOfHash.values()) {
      const record = this.#records.get(id);
      const at = record?.type === 'ApiKeyChanged.v1' ? record.expiresAtMs : null;
      if (at !== null && at > nowMs && at <= nowMs + withinMs) count += 1;
    }
    return count;
  }

  /** Returns the active key record of a token. The lookup is by hash, so its duration reveals nothing about any key. */
  keyOf(token: string): ApiKeyRecord | undefined {
    const hash = hashOfKey(token);
    const found = this.#records.get(this.#keyOfHash.get(hash) ?? '');
    if (found?.type !== 'ApiKeyChanged.v1') return undefined;
    return timingSafeEqual(Buffer.from(found.hash), Buffer.from(hash)) ? found : undefined;
  }

  keyById(id: string): ApiKeyRecord | undefined {
    const found = this.#records.get(`${accessKeyPrefixes['ApiKeyChanged.v1']}${id}`);
    return found?.type === 'ApiKeyChanged.v1' ? found : undefined;
  }

  tokenKey(id: string): TokenKeyRecord | undefined {
    const found = this.#records.get(`${accessKeyPrefixes['TokenKeyChanged.v1']}${id}`);
    return found?.type === 'TokenKeyChanged.v1' ? found : undefined;
  }

  workspace(id: string): WorkspaceRecord | undefined {
    const found = this.#records.get(`${accessKeyPrefixes['WorkspaceChanged.v1']}${id}`);
    return found?.type === 'WorkspaceChanged.v1' ? found : undefined;
  }

  /** Yields all workspaces, disabled ones included. */
  *workspaces(): Generator<WorkspaceRecord> {
    for (const record of this.#records.values()) if (record.type === 'WorkspaceChanged.v1') yield record;
  }

  consumer(workspaceId: string, id: string): ConsumerRecord | undefined {
    const found = this.#records.get(`${accessKeyPrefixes['ConsumerChanged.v1']}${workspaceId}/${id}`);
    return found?.type === 'ConsumerChanged.v1' ? found : undefined;
  }
}
