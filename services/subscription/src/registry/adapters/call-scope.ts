import type { IncomingMessage } from 'node:http';
import { consumerId, type WorkspaceId, workspaceId } from '@tidings/contracts';
import { addressOf, type IfMatch, type Principal, type RequestRun } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import type { Actor } from '../domain/audit-entry.ts';
import type { Scope } from '../ports.ts';
import { notFound, type Target } from '../write-version.ts';

/** Returns the scope of a key, which enforces tenant isolation: every read and change of a document is limited to it. */
export const scopeOf = ({ workspaceId: workspace, consumerId: consumer }: Principal): Scope => ({
  workspaceId: workspaceId(workspace),
  consumerId: consumer === null ? null : consumerId(consumer),
});

/** A call by a key. */
type KeyCall = Readonly<{ principal: Principal; request: IncomingMessage; run: RequestRun }>;

/** Returns the actor of a call, for the audit log. */
export const actorOf = ({ principal, request, run }: KeyCall): Actor => ({
  keyId: principal.keyId,
  address: addressOf(request),
  run,
});

type ChangeCall = KeyCall & Readonly<{ ifMatch: IfMatch }>;
type TargetCall = ChangeCall & Readonly<{ params: Readonly<{ id: string }> }>;

/** Returns the target document of a call. */
export const targetOf = (call: TargetCall): Target => ({
  scope: scopeOf(call.principal),
  id: call.params.id,
  ifMatch: call.ifMatch,
  by: actorOf(call),
});

type Aim = Readonly<{ kind: Parameters<typeof notFound>[0]; name: string; idIn(id: WorkspaceId): string }>;

/**
 * Returns the target document of a call, for kinds that only the workspace itself may change. For the key of a consumer
 * the document does not exist. `name`: the caller's name for it; `idIn`: returns its id in a workspace.
 */
export function workspaceTargetOf(call: ChangeCall, { kind, name, idIn }: Aim): Target {
  const scope = scopeOf(call.principal);
  if (scope.consumerId !== null) throw notFound(kind, name);
  return { scope, id: idIn(scope.workspaceId), name, ifMatch: call.ifMatch, by: actorOf(call) };
}

/** Refuses the key of a consumer on routes without an object to hide. `what`: start of the message, with its verb. */
export function requireWholeWorkspace({ consumerId: own }: Principal, what: string): void {
  if (own === null) return;
  const message = `${what} to the workspace: a key of one consumer cannot change that.`;
  throw new AppError({ code: 'forbidden', message });
}
