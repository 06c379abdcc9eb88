import type { Logger } from '@tidings/observability';
import { type Clock, type KeyRing, messageOf, seal, unseal } from '@tidings/runtime';
import type { SpoolFiles } from '../spool/spool-files.ts';

/** A record of a compacted topic as it was read. */
export type KeptRecord = Readonly<{
  key: string | null;
  headers: Readonly<Record<string, string>>;
  /** Base64. */
  value: string;
  timestampMs: number;
}>;

/** The records of tables by topic, and the time at which they were those of the topics, in epoch milliseconds. */
export type Snapshot = Readonly<{
  writtenAtMs: number;
  topics: Readonly<Record<string, readonly KeptRecord[]>>;
}>;

/** Options of {@link SnapshotFile}. A snapshot that is older than `maxAgeMs` is not used. */
export type SnapshotFileOptions = Readonly<{
  files: Pick<SpoolFiles, 'read' | 'replace'>;
  ring: KeyRing;
  maxAgeMs: number;
  clock: Clock;
  logger: Logger;
}>;

const name = 'tables.sealed';
const associated = ['ingress', 'tables'];
const clockErrorMs = 300_000;

/** The file of a snapshot: encrypted and authenticated with the sealing keys, replaced as a whole. */
export class SnapshotFile {
  readonly #options: SnapshotFileOptions;

  constructor(options: SnapshotFileOptions) {
    this.#options = options;
  }

  /** Returns the snapshot; undefined if there is none, it is too old, or it does not open. */
  async read(): Promise<Snapshot | undefined> {
    const { files, ring, clock, maxAgeMs, logger } = this.#options;
    try {
      const text = unseal(ring, (await files.read(name)).toString(), associated);
      const snapshot = JSON.parse(text) as Snapshot;
      const ageMs = clock.nowMs() - snapshot.writtenAtMs;
      if (ageMs <= maxAgeMs && ageMs >= -clockErrorMs) return snapshot;
      logger.warn({ ageMs }, 'snapshot.too-old');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        logger.error({ detail: messageOf(error) }, 'snapshot.unusable');
    }
    return undefined;
  }

  async write(snapshot: Snapshot): Promise<void> {
    const { files, ring } = this.#options;
    await files.replace(name, Buffer.from(seal(ring, JSON.stringify(snapshot), associated)));
  }
}
