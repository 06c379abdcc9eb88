import { defineMetrics, latencyBuckets } from '@tidings/observability';

/** The metrics of this service. */
export const metricsCatalogue = defineMetrics({
  proxiedSeconds: {
    type: 'histogram',
    name: 'tidings_console_proxied_seconds',
    help: 'Duration of a forwarded request, by service and outcome: a status class, or aborted.',
    labels: ['target', 'outcome'],
    buckets: latencyBuckets,
  },
  repeatedRequests: {
    type: 'counter',
    name: 'tidings_console_repeated_requests_total',
    help: 'Requests that another instance of a service got, since the first did not take them, by service.',
    labels: ['target'],
    action: 'Rising: instances die or stop. Check their logs.',
  },
  instancesOut: {
    type: 'gauge',
    name: 'tidings_console_instances_out',
    help: 'Instances that get no requests, since they are not ready or do not respond, by service; 0 where one instance runs.',
    labels: ['target'],
    action: 'Above 0 for long: check /ready of the instance that the line `instance.out` of the log names.',
  },
});
