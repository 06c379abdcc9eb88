import { catalogue } from '../../texts/index.ts';

/** The texts of the portal's start page. */
export const texts = catalogue({
  en: {
    title: 'Home',
    lastDay: 'Last 24 hours',
    figures: 'Last 24 hours in figures',
    delivered: 'Delivered',
    failed: 'Failed attempts',
    given: 'Undelivered now',
    success: 'Successful attempts',
    chart: 'Attempts by hour',
    endpoints: 'Endpoints',
    endpointColumns: ['Endpoint', 'State', 'Last delivery'],
    states: {
      healthy: 'Healthy',
      unused: 'No event sent yet, tests aside',
      failing: (count: number) =>
        count === 1 ? '1 failure in a row' : `${count.toLocaleString()} failures in a row`,
      disabled: 'Disabled',
    },
    allEndpoints: 'Show all',
    moreEndpoints: 'There are more endpoints than these.',
    failing: 'What fails now',
    failingColumns: ['Event', 'State', 'Why', 'When'],
    nothingFails: 'Nothing is waiting for a retry, and there are no dead letters.',
    allFailing: 'All that wait for a retry',
    allGivenUp: 'All dead letters',
    steps: 'First steps',
    stepsHint: 'No endpoint receives events yet.',
    addEndpoint:
      'Add an endpoint: the address of your server that accepts POST requests, and the event types that you want.',
    openEndpoints: 'Add the first one',
    keepSecret:
      'Keep the signing secret, which is shown once, and check the signature of each request with it.',
    answer:
      'Answer within 10 seconds with a status from 200 to 299. Other answers are tried again: 7 times within some 17 hours by default.',
    remember: 'Remember the header webhook-id: the same event can arrive more than once.',
    watch: 'Send a test event, and watch it arrive under Deliveries.',
    openDeliveries: 'Open deliveries',
  },
});
