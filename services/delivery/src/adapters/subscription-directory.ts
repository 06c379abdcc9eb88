import type { SubscriptionRecord } from '@tidings/contracts';
import type { Table } from '@tidings/kafka';

/**
 * The newest known version of each subscription: the subscriptions table with endpoint responses that the registry has
 * not recorded yet. A mark applies to its version and older ones, and is removed when the registry writes a newer
 * version.
 */
export class SubscriptionDirectory {
  readonly #table: Pick<Table<SubscriptionRecord>, 'get'>;
  readonly #onGone: (id: string) => void;
  readonly #goneVersions = new Map<string, number>();
  /** The disabled record of each marked version, created once. */
  readonly #disabled = new WeakMap<SubscriptionRecord, SubscriptionRecord>();

  /** `onGone` is called for each subscription that was marked. */
  constructor(table: Pick<Table<SubscriptionRecord>, 'get'>, onGone: (id: string) => void) {
    this.#table = table;
    this.#onGone = onGone;
  }

  find(id: string): SubscriptionRecord | undefined {
    const known = this.#table.get(id);
    if (this.#goneVersions.size === 0 || known === undefined) return known;
    const version = this.#goneVersions.get(id);
    if (version === undefined) return known;
    if (known.version <= version) return this.#disabledOf(known);
    this.#goneVersions.delete(id);
    return known;
  }

  /** Marks a version as disabled in this process after a 410, before the registry has recorded it. */
  markGone(id: string, version: number): void {
    if (version <= (this.#goneVersions.get(id) ?? 0)) return;
    this.#goneVersions.set(id, version);
    this.#onGone(id);
  }

  #disabledOf(known: SubscriptionRecord): SubscriptionRecord {
    if (known.state !== 'active') return known;
    const made = this.#disabled.get(known) ?? { ...known, state: 'disabled', disabledReason: 'gone' };
    this.#disabled.set(known, made);
    return made;
  }
}
