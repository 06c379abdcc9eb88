import { runService } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startDelivery } from './service.ts';

await runService({ name: 'delivery', spec: configSpec, metrics: metricsCatalogue, start: startDelivery });
