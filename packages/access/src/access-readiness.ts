import type { AccessRecord } from '@tidings/contracts';
import type { Table } from '@tidings/kafka';
import type { HealthPart } from '@tidings/runtime';
import type { AccessTable } from './access-table.ts';

/** The state of the key table, reported as the state of a health part. */
export class AccessReadiness {
  readonly #part: HealthPart;
  readonly #table: AccessTable;
  #records: Pick<Table<AccessRecord>, 'isStale'> | undefined;
  #isRead = false;
  #isLoaded = false;

  constructor(part: HealthPart, table: AccessTable) {
    this.#part = part;
    this.#table = table;
  }

  /** True once the table has been filled, from the topic or by its owner, and holds a key. */
  get isReady(): boolean {
    return (this.#isRead || this.#isLoaded) && this.#table.hasHadKeys;
  }

  /** Waits in the background until the topic has been read, and from now on reports whether it is up to date. */
  follow(records: Pick<Table<AccessRecord>, 'isStale' | 'ready'>): void {
    this.#records = records;
    void records.ready().then(() => {
      this.#isRead = true;
      this.report();
    });
  }

  /** Notes that the owner of the records has filled the table. */
  loaded(): void {
    this.#isLoaded = true;
    this.report();
  }

  report(): void {
    const isStale = this.#records?.isStale() ?? false;
    if (!this.#isRead && !this.#isLoaded) this.#part.down('the keys have not been read yet');
    else if (!this.#table.hasHadKeys) this.#part.down('no key has been published yet');
    else if (!this.#isLoaded && isStale)
      this.#part.down('the brokers are unreachable: changes of keys are not seen');
    else this.#part.up();
  }
}
