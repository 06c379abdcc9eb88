import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { DocumentKind } from './document-kind.ts';
import type { TopicVersions } from './domain/topic-versions.ts';
import type { Versioned } from './domain/versioned.ts';
import { Outbox } from './outbox.ts';
import type { AuditLog, DocumentStore, DocumentTopic } from './ports.ts';

/** What the documents of all kinds have in common. `waitMs`: the longest that a request waits for its acknowledgement. */
export type RegistryParts = Readonly<{
  audit: AuditLog;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
  waitMs: number;
}>;

/** Where the documents of one kind lie. */
export type DocumentLocations<T extends Versioned> = Readonly<{
  kind: DocumentKind<T>;
  store: DocumentStore<T>;
  topic: DocumentTopic<T>;
  topicVersions: TopicVersions;
  /** Removes what is kept beside a document, before the document goes for good. */
  onPurge?(id: string): Promise<void>;
}>;

/** The documents of one kind: everything that writes them, publishes them and keeps them together with their topic. */
export type Documents<T extends Versioned> = DocumentLocations<T> &
  RegistryParts &
  Readonly<{ outbox: Outbox<T> }>;

/** Puts the parts of a kind together. */
export const documentsOf = <T extends Versioned>(
  places: DocumentLocations<T>,
  parts: RegistryParts,
): Documents<T> => ({
  ...places,
  ...parts,
  outbox: new Outbox({ ...places, ...parts }),
});
