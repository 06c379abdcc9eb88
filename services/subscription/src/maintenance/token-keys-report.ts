import type { TokenKeysReplaced, TokenKeysStep } from '../access/token-keys/replace-token-keys.ts';
import type { Report } from './restore-report.ts';

/** Result of one step of the replacement of key pairs. */
export type TokenKeysOutcome = Readonly<{
  step: TokenKeysStep;
  isDryRun: boolean;
  workspaces: readonly TokenKeysReplaced[];
}>;

const timeOf = (atMs: number | null): string => (atMs === null ? '' : new Date(atMs).toISOString());

function found(
  { how, newest, older, olderEndAtMs, waitMs }: TokenKeysReplaced,
  { step, isDryRun }: TokenKeysOutcome,
): string {
  const others = older.join(', ');
  if (how === 'added') {
    return isDryRun
      ? `a key pair would be added beside ${newest}`
      : `${newest} added, which signs from 10 s later on; ${others} may be removed after ${timeOf(olderEndAtMs)}`;
  }
  if (how === 'waiting') {
    const minutes = Math.ceil(waitMs / 60_000);
    return `nothing removed: tokens and portal links that ${others} signed may be valid for another ${minutes} min. Repeat it after ${timeOf(olderEndAtMs)}, or add --now, which ends them`;
  }
  if (how === 'removed') {
    const ends = step === 'remove-old-now' ? '; the tokens and portal links that they signed end now' : '';
    return `${others} ${isDryRun ? 'would be removed' : 'removed'}${ends}; ${newest} stays`;
  }
  return older.length === 0
    ? `nothing to do: ${newest} is the only key pair`
    : `nothing to do: ${newest} was added before; remove ${others} with --remove-old after ${timeOf(olderEndAtMs)}`;
}

/** Renders the result. A removal that has to wait, and a change that the log has not confirmed, are failures. */
export function tokenKeysReport(outcome: TokenKeysOutcome): Report {
  const { isDryRun, workspaces } = outcome;
  const lines = workspaces.map((one) => {
    const left = one.isPropagated ? '' : ' (the log has not confirmed it yet: repeat the command)';
    return `${one.workspaceId}: ${found(one, outcome)}${left}`;
  });
  const head = isDryRun ? ['dry run: nothing is changed'] : [];
  const none = workspaces.length === 0 ? ['no workspace has a key pair'] : [];
  const isOk = workspaces.every(({ how, isPropagated }) => how !== 'waiting' && isPropagated);
  return { text: `${[...head, ...none, ...lines].join('\n')}\n`, isOk };
}
