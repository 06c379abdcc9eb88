import { apiKeyKind, consumerKind, tokenKeyKind } from '../access/access-kinds.ts';
import { withSealedPrivate } from '../access/domain/token-key.ts';
import { withSealedNotice } from '../access/seal-notice.ts';
import { workspaceKind } from '../access/workspace-kind.ts';
import { eventTypeKind } from '../event-types/event-type-kind.ts';
import type { DocumentKind } from '../registry/document-kind.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import type { WithSeals } from '../registry/maintenance/reseal-documents.ts';
import { withSealedSecrets } from '../sources/domain/source.ts';
import { sourceKind } from '../sources/source-kind.ts';
import { withSealedValues } from '../subscriptions/domain/sealed-values.ts';
import { subscriptionKind } from '../subscriptions/subscription-kind.ts';

/** A document kind and the accessor of its sealed values. */
type KnownKind<T extends Versioned = Versioned> = Readonly<{
  kind: DocumentKind<T>;
  withSeals: WithSeals<T>;
}>;

// Pairs values of the same type; code that iterates over all kinds does not need that type.
const known = <T extends Versioned>(kind: DocumentKind<T>, withSeals: WithSeals<T>): KnownKind =>
  ({ kind, withSeals }) as unknown as KnownKind;

/** Document kinds of the registry, for the commands that process all documents. */
export const documentKinds: readonly KnownKind[] = [
  known(subscriptionKind, withSealedValues),
  known(eventTypeKind, (eventType) => eventType),
  known(workspaceKind, withSealedNotice),
  known(consumerKind, (consumer) => consumer),
  known(apiKeyKind, (key) => key),
  known(tokenKeyKind, withSealedPrivate),
  known(sourceKind, withSealedSecrets),
];
