import { defineService, type Service } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startHistory } from './service.ts';

/** The history service, which services/server runs. */
export const history: Service = defineService({
  name: 'history',
  spec: configSpec,
  metrics: metricsCatalogue,
  start: startHistory,
});
