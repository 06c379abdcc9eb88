import { defineService, type Service } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startConsole } from './service.ts';

/** The console service, which services/server runs. */
export const console: Service = defineService({
  name: 'console',
  spec: configSpec,
  metrics: metricsCatalogue,
  start: startConsole,
});
