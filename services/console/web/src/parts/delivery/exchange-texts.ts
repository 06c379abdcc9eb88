import { catalogue } from '../../texts/index.ts';

/** The texts of requests to endpoints and their responses, and of why webhooks do not arrive. */
export const texts = catalogue({
  en: {
    request: 'Request',
    response: 'Response',
    timings: 'Timings',
    phases: {
      dns_ms: 'DNS',
      connect_ms: 'Connect',
      tls_ms: 'TLS',
      first_byte_ms: 'First byte',
      body_ms: 'Body',
    },
    total: 'Total',
    reused:
      'A phase without a time was skipped: the connection was open already, or the attempt ended before it.',
    headers: 'Headers',
    omitted: (count: number) => `${count} more header values were not recorded.`,
    body: 'Body',
    noResponse: 'There was no response.',
    noHeaders: 'No headers were recorded.',
    withheld: 'The endpoint compressed the body, so it was not recorded.',
    cut: 'Only the beginning of the body was recorded.',
    dropped: 'Headers and body of this attempt are not kept any more: many attempts have followed.',
    unrecorded: 'Headers and body were not recorded by the release that made this attempt.',
    erased: 'Headers and bodies of this attempt were erased on request.',
    noAnswer: 'no answer',
    // What the status code does not say, for a column.
    answers: {
      redirect: 'redirects',
      gone: 'gone for good',
      'rate-limited': 'asked for a pause',
      timeout: 'timed out',
      dns: 'no address for the name',
      refused: 'connection refused',
      reset: 'connection closed',
      tls: 'no secure connection',
      protocol: 'no valid HTTP',
      'blocked-address': 'address not allowed',
      'invalid-url': 'URL not valid',
    } as Readonly<Record<string, string>>,
    ended: {
      exhausted: 'All attempts of the retry schedule have been made.',
      'not-retried': 'The answer is one that is not retried.',
      disabled: 'The endpoint is disabled. What waits for it is sent again when it is enabled again.',
      'backlog-full': 'More deliveries wait for this ordered endpoint than it may hold.',
      'unknown-subscription': 'The endpoint was not known to the delivery service within 5 minutes.',
      'data-missing': 'The data of the event are not in the object storage any more.',
      'data-changed': 'The data in the object storage are not those that were accepted.',
      'filter-limit': 'The data of the event are too large for the filter of the endpoint to be evaluated.',
      'idempotency-conflict': 'Another event with the same id had other content.',
      undecodable: 'The command could not be read.',
      'subscription-deleted': 'The endpoint was deleted before the delivery.',
      'duplicate-command': 'Another command for the same delivery took its place.',
      discarded: 'Somebody discarded it.',
      erased: 'The data was erased on request, so that it is not sent.',
      'breaker-open': 'The circuit breaker of the endpoint is open: it failed too often and is given a rest.',
      'queue-full': 'It waits, because many deliveries to this endpoint wait already.',
      'head-too-old': 'It waits, because the deliveries before it have waited for long.',
      'rate-limit': 'It waits for the rate limit of the endpoint.',
      held: 'It waits for the deliveries before it, in order.',
    } as Readonly<Record<string, string>>,
    failures: {
      'http-status': (status: number | null) =>
        `The endpoint answered ${status ?? 'with an error'}, which is no success. Only 2xx is.`,
      redirect: () => 'The endpoint redirects. Redirects are not followed: set its final URL.',
      gone: () => 'The endpoint answered 410 Gone, which disables it.',
      'rate-limited': () =>
        'The endpoint asked for fewer requests (429 or 503 with Retry-After). The next attempt waits as long as it said.',
      timeout: () => 'The endpoint did not answer within the time limit of the endpoint.',
      dns: () => 'The host name of the endpoint has no address.',
      refused: () =>
        'The endpoint refused the connection: nothing listens on that port, or a firewall rejects it.',
      reset: () => 'The endpoint closed the connection before it had answered.',
      tls: () =>
        'No secure connection could be made: the certificate has expired, is for another name, or nobody known has signed it.',
      protocol: () => 'The endpoint answered with something that is no valid HTTP.',
      'blocked-address': () =>
        'The address of the endpoint is not public, and requests to such addresses are not allowed.',
      'invalid-url': () => 'The URL of the endpoint is not valid.',
    } as Readonly<Record<string, (status: number | null) => string>>,
  },
});
