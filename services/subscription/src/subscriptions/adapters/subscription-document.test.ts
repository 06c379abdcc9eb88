import { expect, it } from 'vitest';
import { aSubscription } from '../../../test/a-subscription.ts';
import { fromDocument, readSubscriptionDocument, toDocument } from './subscription-document.ts';

it('a document from before enabling could discard redrives what waits', () => {
  const { on_enable: _, ...before } = toDocument(aSubscription({ onEnable: 'discard' }));
  const read = readSubscriptionDocument({ ...before, schema_version: 1 });
  expect(fromDocument(read)).toMatchObject({ onEnable: 'redrive', version: 1 });
});
