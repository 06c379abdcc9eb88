import { type Environment, loadConfig, optional, secret, sharedSettings } from '@tidings/runtime';
import type { StackSecrets } from './data-folder.ts';

const spec = {
  adminKey: optional(sharedSettings.adminKey),
  sealingKeys: optional(sharedSettings.sealingKeys),
  // For its refusals only: it is none of the stack's.
  sessionKeys: optional(
    secret({ env: 'CONSOLE_SESSION_KEYS', help: 'set it to the key ring that seals sessions' }),
  ),
};

/**
 * Returns the secrets of a stack: what the caller chooses, in settings or in the files that `<name>_FILE` names, in place of
 * what is kept. They are read as each service reads them. Throws AppError `config-invalid` for one that is given in both, and
 * for a file that cannot be read or is empty.
 */
export function withGivenSecrets(kept: StackSecrets, env: Environment): StackSecrets {
  const { adminKey = kept.adminKey, sealingKeys = kept.sealingKeys } = loadConfig(spec, env);
  return { ...kept, adminKey, sealingKeys };
}
