import { runService } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startSubscription } from './service.ts';

await runService({
  name: 'subscription',
  spec: configSpec,
  metrics: metricsCatalogue,
  start: startSubscription,
});
