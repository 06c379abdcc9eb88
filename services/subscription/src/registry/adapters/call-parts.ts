import type { IncomingMessage } from 'node:http';
import { consumerId, type WorkspaceId, workspaceId } from '@tidings/contracts';
import { addressOf, type IfMatch, type Principal, type RequestRun } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import type { Actor } from '../domain/audit-entry.ts';
import type { Scope } from '../ports.ts';
import { notFound, type Target } from '../write-version.ts';

/** How far a key sees. */
export const scopeOf = ({ workspaceId: workspace, consumerId: consumer }: Principal): Scope => ({
  workspaceId: workspaceId(workspace),
  consumerId: consumer === null ? null : consumerId(consumer),
});

/** A call by a key. */
type KeyCall = Readonly<{ principal: Principal; request: IncomingMessage; run: RequestRun }>;

/** Who makes a call, for the audit log. */
export const actorOf = ({ principal, request, run }: KeyCall): Actor => ({
  keyId: principal.keyId,
  address: addressOf(request),
  run,
});

type ChangeCall = KeyCall & Readonly<{ ifMatch: IfMatch }>;
type TargetCall = ChangeCall & Readonly<{ params: Readonly<{ id: string }> }>;

/** Which document a call means. */
export const targetOf = (call: TargetCall): Target => ({
  scope: scopeOf(call.principal),
  id: call.params.id,
  ifMatch: call.ifMatch,
  by: actorOf(call),
});

type Aim = Readonly<{ kind: Parameters<typeof notFound>[0]; name: string; idIn(id: WorkspaceId): string }>;

/**
 * Which document a call means, of a kind that only the workspace itself may change: for the key of a consumer there is
 * nothing. `name`: what the caller calls it; `idIn`: its id, given the workspace.
 */
export function workspaceTargetOf(call: ChangeCall, { kind, name, idIn }: Aim): Target {
  const scope = scopeOf(call.principal);
  if (scope.consumerId !== null) throw notFound(kind, name);
  return { scope, id: idIn(scope.workspaceId), name, ifMatch: call.ifMatch, by: actorOf(call) };
}

/** Refuses the key of a consumer where there is no object to hide. `what`: what belongs to the workspace, for people. */
export function requireWholeWorkspace({ consumerId: own }: Principal, what: string): void {
  if (own === null) return;
  const message = `${what} to the workspace: a key of one consumer cannot change that.`;
  throw new AppError({ code: 'forbidden', message });
}
