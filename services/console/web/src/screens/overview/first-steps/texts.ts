import { catalogue } from '../../../texts/index.ts';

/** The texts of the first steps. */
export const texts = catalogue({
  en: {
    title: 'First steps',
    lead: 'See in a minute what happens to an event, and what when an endpoint fails. All of it stays on this machine.',
    show: 'First steps',
    hide: 'Put aside',
    again: 'Begin again',
    working: 'One moment …',
    states: { done: 'done', current: 'now', later: 'later' },
    steps: {
      publish: {
        title: 'Publish an event',
        hint: 'An event of the type demo.hello goes into the log. Every subscription that matches it gets its own delivery.',
        action: 'Publish demo.hello',
      },
      arrive: {
        title: 'Watch it arrive',
        hint: 'The demo inbox is an endpoint as a partner would write it. It checks the signature.',
      },
      break: {
        title: 'Break the endpoint',
        hint: 'From now on the inbox answers 503, as after a failed deployment, and another event is published.',
        action: 'Break it and publish',
      },
      retry: {
        title: 'See the retry',
        hint: 'Nothing is lost: a failed attempt is repeated by the schedule of the subscription, with growing pauses.',
      },
      fix: { title: 'Fix the endpoint', hint: 'The inbox answers as before.', action: 'Fix it' },
      replay: {
        title: 'Replay what was missed',
        hint: 'The next retry would come by itself. A replay does not wait: it sends the events of the log since then again.',
        action: 'Replay',
      },
    },
    onItsWay: 'On its way …',
    arrived: 'The endpoint has accepted it.',
    failed: (attempts: number, code: number | null) =>
      `${attempts === 1 ? 'One attempt' : `${attempts} attempts`}, answered ${code ?? 'not at all'}.`,
    next: 'Next attempt',
    seeDelivery: 'See the delivery',
    openInbox: 'Open the inbox',
    doneTitle: 'That was the whole circle',
    doneHint:
      'The same happens to real endpoints, whose failures you find under Deliveries. What comes next:',
    nextSteps: {
      types: 'Describe your event types',
      subscription: 'Create a subscription',
      deliveries: 'Look at the deliveries',
    },
  },
});
