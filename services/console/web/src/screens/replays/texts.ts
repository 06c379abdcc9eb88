import { catalogue } from '../../texts/index.ts';

/** The texts of the replays. */
export const texts = catalogue({
  en: {
    title: 'Replay events',
    lead: 'Delivers events of the log again: what was missed in an outage, what happened before a subscription existed, or a span once more.',
    portalLead:
      'Sends the events of a time that your endpoints do not have: what they missed, and what happened before they were added. Events that they have received are left out.',
    form: 'Replay',
    who: 'Receivers',
    what: 'Who receives them',
    targets: {
      missing: 'Who missed them',
      missingHint:
        'Only what was never delivered and has no attempt to come. Dead letters of the time are sent too.',
      subscription: 'One subscription',
      subscriptionHint:
        'Every event that it matches now, also from before it existed (backfill). Receivers that know the webhook-id ignore it.',
      all: 'Every subscription',
      allHint: 'Everything of the time, delivered or not, to everybody whose subscription matches.',
    },
    subscription: 'Subscription',
    when: 'When they were accepted',
    whenHint: 'In your time zone.',
    portalWhenHint:
      'In your time zone. Begin after your endpoint was added, unless you want the events from before.',
    from: 'From',
    to: 'To',
    toHint: 'Empty: until now.',
    which: 'Only some of them',
    types: 'Event types',
    typesHint: 'order.paid, order.*; empty: all.',
    filter: 'Filter',
    filterHint: 'JSON, as in a subscription: {"total": {"$gte": 100}}. Empty: all.',
    more: 'More options',
    rate: 'At most a second, for each endpoint',
    rateHint: 'Empty: 100.',
    asNew: 'New webhook-ids, so that receivers process them again',
    holdLive: 'Live events wait until the replay has ended (ordered subscriptions)',
    faults: {
      from: 'Enter when it begins.',
      time: 'This is no time.',
      subscription: 'Enter the id of the subscription.',
      filter: 'This is no JSON object.',
      rate: 'Enter a whole number.',
    },
    count: 'Count first',
    counting: 'Counting: nothing is sent yet',
    counted: (count: number) =>
      count === 1 ? '1 webhook would be sent.' : `${count.toLocaleString()} webhooks would be sent.`,
    countedNone: 'Nothing would be sent.',
    notCounted: 'The count has not ended well, so nothing was sent.',
    start: (count: number) => (count === 1 ? 'Send 1 webhook' : `Send ${count.toLocaleString()} webhooks`),
    change: 'Change',
    recent: 'Recent replays',
    none: 'Nothing was replayed so far.',
    columns: ['Replay', 'State', 'Sent', 'Requested'],
    span: (from: string, to: string | null) => (to === null ? `from ${from}` : `${from} – ${to}`),
    back: 'Replay events',
    one: 'Replay',
    request: 'What was requested',
  },
});
