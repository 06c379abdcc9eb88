import { catalogue } from '../../texts/index.ts';

/** The texts of the live tail. */
export const texts = catalogue({
  en: {
    title: 'Live tail',
    lead: 'What happens while it happens, newest first: accepted events, requests to endpoints, changes of state.',
    filters: {
      kinds: 'Kind',
      types: 'Event type',
      typesPlaceholder: 'order.*',
      status: 'Status',
      subscription: 'Subscription',
      consumer: 'Consumer',
    },
    kinds: { event: 'Events', attempt: 'Requests', state: 'Changes of state' },
    states: {
      connecting: 'Connecting …',
      open: 'Live',
      held: 'Paused',
      silent: 'Silent: nothing comes, not even heartbeats',
      interrupted: 'Interrupted: it goes on by itself, and what was missed follows',
    },
    heard: 'Last heard',
    pause: 'Pause',
    goOn: 'Go on',
    clear: 'Clear',
    newer: (count: number) => (count === 1 ? 'Show 1 new' : `Show ${count.toLocaleString()} new`),
    waitingTitle: 'Nothing has happened yet',
    waitingHint: 'The stream is open. Publish an event, or send a test: it appears here at once.',
    portal: {
      lead: 'What happens while it happens, newest first: requests to your endpoints, and changes of state.',
      waitingHint: 'The stream is open. Send a test from the page of an endpoint: it appears here at once.',
      endpoint: 'Endpoint',
    },
    waitingFiltered: 'The stream is open. What matches the filters appears here at once.',
    connectingHint: 'The stream is being opened.',
    interruptedHint:
      'The stream cannot be opened: the service, or Kafka behind it, does not respond. It is tried again by itself.',
    kept: (rows: number) => `The newest ${rows.toLocaleString()} are kept.`,
    columns: { at: 'Time', what: 'What', type: 'Event type', detail: 'Detail', subscription: 'Subscription' },
    accepted: 'Accepted',
    attempt: (number: number, duration: string) => `attempt ${number} · ${duration}`,
    noAnswer: 'no answer',
    gap: 'Messages are missing here: more has happened than could be sent. The lists of deliveries and events have all.',
    table: 'Messages',
  },
});
