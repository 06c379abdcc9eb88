import { defineService, type Service } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startFanout } from './service.ts';

/** The fanout service, which services/server runs. */
export const fanout: Service = defineService({
  name: 'fanout',
  spec: configSpec,
  metrics: metricsCatalogue,
  start: startFanout,
});
