import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { DocumentKind } from './document-kind.ts';
import type { TopicVersions } from './domain/topic-versions.ts';
import type { Versioned } from './domain/versioned.ts';
import { Outbox } from './outbox.ts';
import type { AuditLog, DocumentStore, DocumentTopic } from './ports.ts';
import type { RegistryPresence } from './registry-presence.ts';

/** Dependencies that all kinds share. `waitMs`: maximum time that a request waits for its acknowledgement. */
export type RegistryParts = Readonly<{
  audit: AuditLog;
  /** One for all kinds: a database is lost as a whole. */
  presence: RegistryPresence;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
  waitMs: number;
}>;

/** Storage of one kind's documents. */
export type DocumentLocations<T extends Versioned> = Readonly<{
  kind: DocumentKind<T>;
  store: DocumentStore<T>;
  topic: DocumentTopic<T>;
  topicVersions: TopicVersions;
  /** The versions of the copies from which a lost database is restored. */
  copyVersions: TopicVersions;
  /** Removes data stored beside a document, before the document is purged. */
  onPurge?(id: string): Promise<void>;
}>;

/**
 * Documents of one kind, with everything that writes them, publishes them and keeps them consistent with their topic.
 */
export type Documents<T extends Versioned> = DocumentLocations<T> &
  RegistryParts &
  Readonly<{ outbox: Outbox<T> }>;

/** Returns the newest version of a document that its topic or its copies ever had; 0 if neither has one. */
export const newestVersionOf = (
  { topicVersions, copyVersions }: Pick<DocumentLocations<Versioned>, 'topicVersions' | 'copyVersions'>,
  id: string,
): number => Math.max(topicVersions.newestVersionOf(id), copyVersions.newestVersionOf(id));

/** Combines the dependencies of a kind and creates its outbox. */
export const documentsOf = <T extends Versioned>(
  places: DocumentLocations<T>,
  parts: RegistryParts,
): Documents<T> => ({
  ...places,
  ...parts,
  outbox: new Outbox({ ...places, ...parts }),
});
