import { defineService, type Service } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startSubscription } from './service.ts';

/** The subscription service, which services/server runs. */
export const subscription: Service = defineService({
  name: 'subscription',
  spec: configSpec,
  metrics: metricsCatalogue,
  start: startSubscription,
});
