import type { Access } from '@tidings/access';
import { workspaceId } from '@tidings/contracts';
import type { ServiceContext } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { configSpec } from '../../config.ts';
import type { MaintenanceTask } from '../../maintenance/create-maintenance-task.ts';
import type { metricsCatalogue } from '../../metrics.ts';
import type { OperatorRules } from '../change-workspace.ts';
import { ensureBootstrap } from '../ensure-bootstrap.ts';
import { type AccessDocuments, readAccessRecords } from './open-access-documents.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

const bootstrapEveryMs = 10 * 60_000;

const lost =
  'MongoDB does not have the registry, which the topics have: run registry:restore, see docs/backup-and-restore.md';

/** Returns the operator's defaults and limits for workspaces from the configuration. */
export const operatorRules = (config: Context['config']): OperatorRules => ({
  maxSubscriptions: config.maxPerWorkspace,
  disableAfterFailures: config.disableAfterFailures,
});

/**
 * Returns the task that maintains the operator's key and workspace. It also loads all keys from the registry, so that
 * they are known while the brokers are unavailable. A database that has lost what the topics have makes the service unready.
 */
export const bootstrapTask = (
  { config, health }: Context,
  documents: AccessDocuments,
  access: Access,
): MaintenanceTask => {
  const part = health.register('operator-key');
  const settings = {
    adminKey: config.adminKey,
    workspaceId: workspaceId(config.workspaceId),
    eventTypePolicy: config.workspacePolicy,
    allowHttp: config.allowHttpEndpoints,
    ...operatorRules(config),
  };
  return {
    name: 'bootstrap',
    everyMs: bootstrapEveryMs,
    needsTopics: true,
    run: async ({ areTopicsRead }) => {
      const bootstrap = await ensureBootstrap({ ...documents, settings, areTopicsRead });
      if (bootstrap === 'waiting') return;
      if (bootstrap === 'lost') {
        part.down(lost);
        throw new AppError({ code: 'unavailable', message: lost });
      }
      access.refresh(await readAccessRecords(documents));
      part.up();
    },
  };
};
