import { defineService, type Service } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startIngress } from './service.ts';

/** The ingress service, which services/server runs. */
export const ingress: Service = defineService({
  name: 'ingress',
  spec: configSpec,
  metrics: metricsCatalogue,
  start: startIngress,
});
