import { defineService, type Service } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startDelivery } from './service.ts';

/** The delivery service, which services/server runs. */
export const delivery: Service = defineService({
  name: 'delivery',
  spec: configSpec,
  metrics: metricsCatalogue,
  start: startDelivery,
});
