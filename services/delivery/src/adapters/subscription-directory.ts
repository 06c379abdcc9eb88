import type { SubscriptionRecord } from '@tidings/contracts';
import { type Bus, openSubscriptionTable, type Table } from '@tidings/kafka';
import { Listeners } from '../domain/listeners.ts';

/** Called after each change of the table; an undefined subscription was removed. */
type Changed = Listeners<[id: string, subscription: SubscriptionRecord | undefined]>;

/**
 * The newest known version of each subscription: the subscriptions table with endpoint responses that the registry has
 * not recorded yet. A mark applies to its version and older ones, and is removed when the registry writes a newer
 * version.
 */
export class SubscriptionDirectory {
  readonly #table: Pick<Table<SubscriptionRecord>, 'get'>;
  readonly #goneVersions = new Map<string, number>();
  /** The disabled record of each marked version, created once. */
  readonly #disabled = new WeakMap<SubscriptionRecord, SubscriptionRecord>();

  readonly changed: Changed;
  /** Called for each subscription that was marked. */
  readonly gone = new Listeners<[id: string]>();

  constructor(table: Pick<Table<SubscriptionRecord>, 'get'>, changed: Changed) {
    this.#table = table;
    this.changed = changed;
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
    this.gone.call(id);
  }

  #disabledOf(known: SubscriptionRecord): SubscriptionRecord {
    if (known.state !== 'active') return known;
    const made = this.#disabled.get(known) ?? { ...known, state: 'disabled', disabledReason: 'gone' };
    this.#disabled.set(known, made);
    return made;
  }
}

/** Opens the table of subscriptions and the directory over it. */
export const openSubscriptionDirectory = async (
  bus: Pick<Bus, 'table'>,
): Promise<Readonly<{ table: Table<SubscriptionRecord>; directory: SubscriptionDirectory }>> => {
  const changed: Changed = new Listeners();
  const table = await openSubscriptionTable<SubscriptionRecord>(bus, {
    service: 'delivery',
    select: (record) => record,
    onChange: (id, subscription) => changed.call(id, subscription),
  });
  return { table, directory: new SubscriptionDirectory(table, changed) };
};
