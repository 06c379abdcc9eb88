import { apiKeyKind, consumerKind, tokenKeyKind, workspaceKind } from '../access/access-kinds.ts';
import { withSealedPrivate } from '../access/domain/token-key.ts';
import { withSealedNotice } from '../access/seal-notice.ts';
import { eventTypeKind } from '../event-types/event-type-kind.ts';
import type { DocumentKind } from '../registry/document-kind.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import type { WithSeals } from '../registry/maintenance/reseal-documents.ts';
import { withSealedValues } from '../subscriptions/domain/sealed-values.ts';
import { subscriptionKind } from '../subscriptions/subscription-kind.ts';

/** A kind of document, and what in it is sealed. */
type KnownKind<T extends Versioned = Versioned> = Readonly<{
  kind: DocumentKind<T>;
  withSeals: WithSeals<T>;
}>;

// Pairs what belongs together; which kind it is does not matter to those who go through all of them.
const known = <T extends Versioned>(kind: DocumentKind<T>, withSeals: WithSeals<T>): KnownKind =>
  ({ kind, withSeals }) as unknown as KnownKind;

/** Every kind of document that the registry holds, for the commands that go through all of it. */
export const documentKinds: readonly KnownKind[] = [
  known(subscriptionKind, withSealedValues),
  known(eventTypeKind, (eventType) => eventType),
  known(workspaceKind, withSealedNotice),
  known(consumerKind, (consumer) => consumer),
  known(apiKeyKind, (key) => key),
  known(tokenKeyKind, withSealedPrivate),
];
