import { runService } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startFanout } from './service.ts';

await runService({ name: 'fanout', spec: configSpec, metrics: metricsCatalogue, start: startFanout });
