import { catalogue } from '../../texts/index.ts';

const remedies = catalogue({
  en: {
    scheduled: 'Nothing to do: the next attempt follows by itself.',
    'breaker-open': 'Mend the endpoint. It is tried again by itself; a resend tries it at once.',
    'queue-full':
      'Nothing to do if it shrinks. Otherwise make the endpoint faster, or allow more requests at a time.',
    'head-too-old':
      'Nothing to do if it shrinks. Otherwise make the endpoint faster, or allow more requests at a time.',
    'rate-limit': 'Nothing to do, or raise the rate limit of the subscription.',
    held: 'See why the first of the queue fails: filter by the ordering key, oldest first. Resend it, or discard it.',
    exhausted: 'Mend the endpoint, then redrive.',
    'not-retried': 'Change the subscription, then redrive; or discard.',
    disabled: 'Enable the subscription: what waits is then sent by itself, in order.',
    'backlog-full': 'It is sent when the subscription is enabled the next time; or redrive.',
    'unknown-subscription': 'Redrive when the subscription exists.',
    'data-missing': 'Publish the event again, then discard.',
    'data-changed': 'Publish the event again, then discard; see who writes to the object storage.',
    'filter-limit':
      'Redrive if the webhook is wanted, else discard; a subscription without a filter receives such events.',
    undecodable: 'Find the program that wrote the record and mend it, then discard.',
    'idempotency-conflict': 'Tell the publisher, which used one id for two events, then discard.',
    erased: 'It can only be discarded.',
  } as Readonly<Record<string, string>>,
});

/** Returns what to do about a reason; null: the next attempt follows. Undefined for a newer reason. */
export const remedyOf = (reason: string | null): string | undefined => remedies[reason ?? 'scheduled'];
