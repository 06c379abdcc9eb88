import type { CertificateUse } from '@tidings/runtime';
import { createMetrics, type Metrics } from './create-metrics.ts';
import { defineMetrics } from './define-metrics.ts';

/** Metrics of the certificates by which a process and its brokers or database know each other. */
export const tlsMetrics = defineMetrics({
  expiry: {
    type: 'gauge',
    name: 'tidings_tls_expiry_timestamp_seconds',
    help: 'When the first certificate that a connection uses expires (Unix time), by peer (kafka, mongodb) and use: client (its own) or authority (the ones it trusts).',
    action:
      'Less than two weeks ahead: replace the file. For kafka new connections use it at once, for mongodb after a restart.',
    labels: ['peer', 'use'],
  },
});

/** The parts of a context that {@link measureTls} needs. */
export type TlsContext = Readonly<{ name: string; metrics: Pick<Metrics, 'registry'> }>;

/** Certificates of the connections to a peer. `expiry`: returns the time of each use, milliseconds since the epoch. */
export type WatchedCertificates = Readonly<{
  peer: 'kafka' | 'mongodb';
  expiry: () => ReadonlyMap<CertificateUse, number>;
}>;

/** Shows in the metrics when certificates expire, read at each scrape. */
export function measureTls({ name, metrics }: TlsContext, { peer, expiry }: WatchedCertificates): void {
  const { handles } = createMetrics(tlsMetrics, { service: name, registry: metrics.registry });
  handles.expiry.collect((gauge) => {
    for (const [use, atMs] of expiry()) gauge.set({ peer, use }, atMs / 1_000);
  });
}
