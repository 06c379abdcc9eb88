import type { Documents } from '../registry/documents.ts';
import { type Source, withoutExpiredSecrets as sourceWithout } from '../sources/domain/source.ts';
import { type Subscription, withoutExpiredSecrets } from '../subscriptions/domain/subscription.ts';
import { endSecrets } from '../subscriptions/end-secrets.ts';
import type { MaintenanceTask } from './create-maintenance-task.ts';

const everyMs = 10_000;

/** Returns the task that removes expired secrets, those of subscriptions and of sources. */
export const endSecretsTask = (
  subscriptions: Documents<Subscription>,
  sources: Documents<Source>,
): MaintenanceTask => ({
  name: 'end-secrets',
  everyMs,
  run: async () => {
    await endSecrets(subscriptions, withoutExpiredSecrets);
    await endSecrets(sources, sourceWithout);
  },
});
