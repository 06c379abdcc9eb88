import { catalogue } from '../../texts/index.ts';

const some = (count: number, one: string, many: string) =>
  count === 1 ? `1 ${one}` : `${count.toLocaleString()} ${many}`;

/** The texts of what has not been delivered. */
export const texts = catalogue({
  en: {
    title: 'Undelivered',
    lead: 'Everything that has not arrived yet, by subscription: why, and what to do.',
    emptyTitle: 'Everything has been delivered',
    emptyHint: 'What waits, is retried, or has ended undelivered appears here with its reason.',
    noMatchTitle: 'Nothing undelivered matches the filters',
    noMatchHint: 'Clear a filter.',
    filters: { consumer: 'Consumer', subscription: 'Subscription' },
    total: (count: number, subscriptions: number, isTruncated: boolean) =>
      `${isTruncated ? 'At least ' : ''}${some(count, 'delivery', 'deliveries')} to ${some(subscriptions, 'subscription', 'subscriptions')}.`,
    cut: (shown: number) => `Only the ${shown} with the most are shown: use the filters for others.`,
    count: (count: number) => some(count, 'delivery', 'deliveries'),
    oldest: 'Oldest',
    consumer: 'Consumer',
    states: {
      pending: 'Waiting',
      retrying: 'Retrying',
      dead_lettered: 'Dead-lettered',
    },
    scheduled: 'The next attempt follows by the retry schedule.',
    next: 'Next attempt',
    show: 'Show them',
    showHidden: (reason: string) => `: ${reason}`,
    disabled: 'The subscription is disabled',
    gone: 'The subscription is deleted or unknown.',
    subscription: 'Open subscription',
    disabledReasons: {
      gone: 'the endpoint answered 410 Gone',
      'consecutive-failures': 'too many attempts in a row have failed',
      'only-failures': 'nothing but failures for days',
    } as Readonly<Record<string, string>>,
    byHand: 'by hand',
  },
});
