import { expect, it } from 'vitest';
import { aSecret, aSubscription } from '../../../test/a-subscription.ts';
import { subscriptionKind } from '../subscription-kind.ts';
import { withSealedValues } from './sealed-values.ts';

const subscription = aSubscription({
  secrets: [aSecret({ sealed: 'v1.old.a' }), aSecret({ id: 'sec_2', sealed: 'v1.old.b' })],
  settings: {
    secretHeaders: [{ name: 'X-Api-Key', sealed: 'v1.old.c' }],
    tls: { sealed: 'v1.old.d', ca: [], certificate: [] },
  },
});

it('replaces every sealed value of the document, each with its field', () => {
  const fields: string[] = [];
  const replaced = withSealedValues(subscription, (sealed, field) => {
    fields.push(field);
    return sealed.replace('old', 'new');
  });
  expect(fields).toEqual(['secrets', 'secrets', 'headers.x-api-key', 'tls']);
  const document = JSON.stringify(subscriptionKind.toDocument(replaced));
  expect([document.includes('v1.old'), document.match(/v1\.new/g)?.length]).toEqual([false, 4]);
});

it('returns the same object if nothing has changed', () => {
  expect(withSealedValues(subscription, (sealed) => sealed)).toBe(subscription);
});
