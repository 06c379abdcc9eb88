import type { SealedSecret } from '@tidings/contracts';
import { AppError, type KeyRing, seal, unseal } from '@tidings/runtime';
import { newSecretId } from '../subscriptions/secret-factory.ts';
import type { Source } from './domain/source.ts';

type Owner = Pick<Source, 'id' | 'workspaceId'>;

const associated = ({ workspaceId, id }: Owner): readonly string[] => [workspaceId, id, 'secrets'];

/** Seals a secret of a source. */
export const sealSecret = (
  ring: KeyRing,
  owner: Owner,
  { secret, id = newSecretId(), nowMs }: Readonly<{ secret: string; id?: string; nowMs: number }>,
): SealedSecret => ({
  id,
  sealed: seal(ring, secret, associated(owner)),
  createdAtMs: nowMs,
  expiresAtMs: null,
});

/** Returns the secret of a source that is this text; undefined if there is none that can be opened. */
export const findSecret = (ring: KeyRing, source: Source, secret: string): SealedSecret | undefined =>
  source.secrets.find(({ sealed }) => {
    try {
      return unseal(ring, sealed, associated(source)) === secret;
    } catch (error) {
      // The sealing key is unavailable; the owner can set a new value.
      if (error instanceof AppError && error.code === 'seal-broken') return false;
      throw error;
    }
  });
