import { isAnySecret } from '../constant-time.ts';
import { splitArray, textAt } from '../payload.ts';
import { type Hook, lengthFault, type Provider } from '../provider.ts';

const batchType = /^application\/cloudevents-batch(\+|;|\s|$)/i;
const eventType = /^application\/cloudevents/i;

// The content type tells the modes apart (HTTP Protocol Binding 1.0, section 3). Binary mode has the attributes in
// headers, the structured mode and batches have them in the body.
const attribute = ({ headers, payload }: Hook, name: string): string | null => {
  if (eventType.test(headers.get('content-type') ?? '')) return textAt(payload.value, name);
  const inHeader = headers.get(`ce-${name}`) ?? null;
  return inHeader ?? (headers.get('ce-specversion') === undefined ? textAt(payload.value, name) : null);
};

const tokenIn = (headers: Hook['headers']): string | null =>
  /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1] ?? null;

/** Returns text without `#`, different for each text. */
const withoutHash = (text: string): string => text.replaceAll('%', '%25').replaceAll('#', '%23');

/**
 * CloudEvents 1.0 over HTTP in binary, structured and batched mode, with the credential of "HTTP 1.1 Web Hooks for Event
 * Delivery" (section 3.1): `Authorization: Bearer <secret>`.
 */
export const cloudevents: Provider = {
  name: 'cloudevents',
  typePrefix: 'cloudevents',
  maxBytes: 1_000_000,
  contentTypes: undefined,
  // Not specified.
  answerWithinMs: 10_000,
  retrySpanSeconds: 86_400,
  options: {},
  reads: () => [
    'authorization',
    'content-type',
    ...['specversion', 'id', 'source', 'type', 'subject', 'partitionkey'].map((name) => `ce-${name}`),
  ],
  credentials: () => ['authorization'],
  secretFault: lengthFault,
  checkHeaders: (headers) => (tokenIn(headers) === null ? 'missing-signature' : null),
  verify: ({ headers }, { secrets }) =>
    isAnySecret(secrets, tokenIn(headers) ?? '') ? null : 'no-matching-signature',
  // The data of binary mode may be an array too.
  split: (payload, headers) =>
    batchType.test(headers.get('content-type') ?? '') ? splitArray(payload) : null,
  id: (hook) => {
    const id = attribute(hook, 'id');
    // An id is unique within its source.
    return id === null ? null : `${withoutHash(attribute(hook, 'source') ?? '')}#${id}`;
  },
  type: (hook) => attribute(hook, 'type'),
  orderingKey: (hook) => attribute(hook, 'partitionkey') ?? attribute(hook, 'subject'),
};
