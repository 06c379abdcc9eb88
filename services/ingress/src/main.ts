import { runService } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startIngress } from './service.ts';

await runService({ name: 'ingress', spec: configSpec, metrics: metricsCatalogue, start: startIngress });
