import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import { pagesOf } from '../registry/maintenance/sweep-unpublished.ts';
import type { DocumentStore } from '../registry/ports.ts';
import type { Subscription } from '../subscriptions/domain/subscription.ts';
import type { CertificateInfo } from '../subscriptions/domain/tls-material.ts';
import type { RepeatedTask } from './create-maintenance-task.ts';

const everyMs = 3_600_000;
const expiringWithinMs = 14 * 86_400_000;

const uses = ['client', 'authority'] as const;
const states = ['valid', 'expiring', 'expired'] as const;

const stateOf = ({ expiresAtMs }: CertificateInfo, nowMs: number): (typeof states)[number] => {
  if (expiresAtMs <= nowMs) return 'expired';
  return expiresAtMs <= nowMs + expiringWithinMs ? 'expiring' : 'valid';
};

type Found = Readonly<{ use: (typeof uses)[number]; certificate: CertificateInfo }>;

const certificatesOf = ({ state, settings: { tls } }: Subscription): readonly Found[] => {
  if (state !== 'active' || tls === null) return [];
  return [
    ...tls.certificate.map((certificate) => ({ use: 'client', certificate }) as const),
    ...tls.ca.map((certificate) => ({ use: 'authority', certificate }) as const),
  ];
};

type Parts = Readonly<{
  store: Pick<DocumentStore<Subscription>, 'listAll'>;
  clock: Clock;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'certificates'>;
}>;

/**
 * Returns the task that counts the certificates of enabled subscriptions by their state, hourly, and logs each that
 * expires soon or has expired.
 */
export const watchCertificatesTask = ({ store, clock, logger, metrics }: Parts): RepeatedTask => ({
  name: 'watch-certificates',
  everyMs,
  run: async () => {
    const nowMs = clock.nowMs();
    const counts = new Map<string, number>();
    for await (const page of pagesOf(async (request) => store.listAll(request))) {
      for (const subscription of page) {
        for (const { use, certificate } of certificatesOf(subscription)) {
          const state = stateOf(certificate, nowMs);
          counts.set(`${use} ${state}`, (counts.get(`${use} ${state}`) ?? 0) + 1);
          if (state === 'valid') continue;
          const { id: subscriptionId, workspaceId } = subscription;
          const { fingerprint } = certificate;
          const expiresAt = new Date(certificate.expiresAtMs).toISOString();
          logger.warn({ subscriptionId, workspaceId, use, fingerprint, expiresAt }, `certificate.${state}`);
        }
      }
    }
    for (const use of uses)
      for (const state of states)
        metrics.certificates.set({ use, state }, counts.get(`${use} ${state}`) ?? 0);
  },
});
