export {
  type CounterHandle,
  createMetrics,
  type GaugeHandle,
  type HistogramHandle,
  type LabelValues,
  type MetricHandle,
  type Metrics,
  type MetricsOptions,
} from './create-metrics.ts';
export {
  defineMetrics,
  latencyBuckets,
  type MetricDefinition,
  type MetricsCatalogue,
} from './define-metrics.ts';
export { defineService, type Service, type ServiceDefinition } from './define-service.ts';
export { type DiskContext, diskMetrics, measureDisks, type WatchedFolder } from './disk-metrics.ts';
export { healthMetrics, measureHealth } from './health-metrics.ts';
export {
  createLogger,
  type FatalLogger,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  type ServiceLogger,
  silentLogger,
} from './logger.ts';
export { metricsMediaTypes, type TextFormat } from './merge-metrics.ts';
export type { ProcessContext } from './process-context.ts';
export type { ProcessHost } from './process-host.ts';
export { clientNameOf } from './process-name.ts';
export { type RunServicesOptions, runServices } from './run-services.ts';
export { type ContextOptions, createServiceContext, type ServiceContext } from './service-context.ts';
export { type BackgroundStart, startInBackground } from './start-in-background.ts';
export { measureTls, type TlsContext, tlsMetrics, type WatchedCertificates } from './tls-metrics.ts';
export { CreatedMessages } from './tracing/created-messages.ts';
export { createSpan, processSpan, sendSpan } from './tracing/messaging-span.ts';
export type { FinishedSpan } from './tracing/span-sink.ts';
export { formatTraceparent, parseTraceparent, type TraceContext } from './tracing/traceparent.ts';
export {
  childTraceparent,
  isRecorded,
  newTraceparent,
  recordSpan,
  requestTraceparent,
  startTracing,
  type Tracing,
  type TracingOptions,
  traceFields,
} from './tracing/tracing.ts';
