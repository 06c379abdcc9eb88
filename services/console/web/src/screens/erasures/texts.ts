import { catalogue } from '../../texts/index.ts';

/** The texts of the erasure. */
export const texts = catalogue({
  en: {
    title: 'Erase data',
    lead: 'Removes the data of one event, or everything that a consumer had until now. Ids, times and outcomes stay, for counting and for finding out what happened.',
    form: 'Erasure',
    what: 'What is erased',
    kinds: {
      event: 'One event',
      eventHint: 'Its data, and what was sent and answered of it, whoever received it.',
      consumer: 'Everything of a consumer',
      consumerHint:
        'Every event addressed to it, and everything that was sent to its subscriptions, until now. What comes later is not affected.',
    },
    event: 'Event id',
    consumer: 'Consumer id',
    reason: 'Reason',
    reasonHint: 'Kept in the audit log: write no personal data.',
    action: 'Erase …',
    missing: 'Enter what to erase.',
    confirmTitle: 'Erase it for good?',
    confirm: (what: string) =>
      `This cannot be undone, and not be stopped once it has begun. To confirm, type ${what}`,
    typed: 'Confirmation',
    mismatch: 'The text differs.',
    goes: 'What goes: data, headers, bodies, ordering keys, and finished exports that may contain them. What waits to be sent is not sent.',
    remains:
      'What remains for a while: the log of Kafka keeps its records until their retention has passed. Nothing shows or sends them any more.',
    erase: 'Erase for good',
    past: 'Erasures so far',
    none: 'Nothing was erased so far.',
    columns: ['What', 'State', 'Requested by', 'Requested'],
    ofEvent: 'Event',
    ofConsumer: 'Consumer',
  },
});
