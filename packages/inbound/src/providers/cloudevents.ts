import { isAnySecret } from '../constant-time.ts';
import { splitArray, textAt } from '../payload.ts';
import { type Hook, lengthFault, type Provider } from '../provider.ts';

// Binary mode has the attributes in headers, the structured mode and batches have them in the body.
const attribute = ({ headers, payload }: Hook, name: string): string | null =>
  headers.get(`ce-${name}`) ??
  (headers.get('ce-specversion') === undefined ? textAt(payload.value, name) : null);

/**
 * CloudEvents 1.0 over HTTP in binary, structured and batched mode, with the credential of "HTTP 1.1 Web Hooks for Event
 * Delivery" (section 3.1): `Authorization: Bearer <secret>`.
 */
export const cloudevents: Provider = {
  name: 'cloudevents',
  typePrefix: 'cloudevents',
  maxBytes: 1_000_000,
  contentTypes: undefined,
  retrySpanSeconds: 86_400,
  options: {},
  reads: () => [
    'authorization',
    ...['id', 'source', 'type', 'subject', 'partitionkey'].map((name) => `ce-${name}`),
  ],
  credentials: () => ['authorization'],
  secretFault: lengthFault,
  verify: ({ headers }, { secrets }) => {
    const [, token] = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '') ?? [];
    if (token === undefined) return 'missing-signature';
    return isAnySecret(secrets, token) ? null : 'no-matching-signature';
  },
  split: splitArray,
  id: (hook) => {
    const id = attribute(hook, 'id');
    // An id is unique within its source.
    return id === null ? null : `${attribute(hook, 'source') ?? ''}#${id}`;
  },
  type: (hook) => attribute(hook, 'type'),
  orderingKey: (hook) => attribute(hook, 'partitionkey') ?? attribute(hook, 'subject'),
};
