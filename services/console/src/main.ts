import { runService } from '@tidings/observability';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { startConsole } from './service.ts';

await runService({ name: 'console', spec: configSpec, metrics: metricsCatalogue, start: startConsole });
