import type { IncomingMessage } from 'node:http';
import { consumerId, workspaceId } from '@tidings/contracts';
import { addressOf, type IfMatch, type Principal } from '@tidings/http';
import type { Actor } from '../domain/audit-entry.ts';
import type { Reach } from '../ports.ts';
import type { Target } from '../write-version.ts';

/** How far a key sees. */
export const reachOf = ({ workspaceId: workspace, consumerId: consumer }: Principal): Reach => ({
  workspaceId: workspaceId(workspace),
  consumerId: consumer === null ? null : consumerId(consumer),
});

/** A call by a key. */
type KeyCall = Readonly<{ principal: Principal; request: IncomingMessage }>;

/** Who makes a call, for the audit log. */
export const actorOf = ({ principal, request }: KeyCall): Actor => ({
  keyId: principal.keyId,
  address: addressOf(request),
});

type TargetCall = KeyCall & Readonly<{ params: Readonly<{ id: string }>; ifMatch: IfMatch }>;

/** Which document a call means. */
export const targetOf = (call: TargetCall): Target => ({
  reach: reachOf(call.principal),
  id: call.params.id,
  ifMatch: call.ifMatch,
  by: actorOf(call),
});
