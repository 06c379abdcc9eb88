import { runService } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startHistory } from './service.ts';

await runService({ name: 'history', spec: configSpec, metrics: metricsCatalogue, start: startHistory });
