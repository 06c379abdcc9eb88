import type { HeaderFields } from '@tidings/contracts';
import { callerText, eventTypeOf } from './event-names.ts';
import type { InboundHeaders } from './headers.ts';
import { readPayload } from './payload.ts';
import type { HeaderCheck, Hook, HookFailure, InboundRequest, Provider, Verification } from './provider.ts';

/** Identity of one event of a request. `id`: the provider's own, the same in every repeat; null without one. */
export type HookIdentity = Readonly<{ id: string | null; type: string; orderingKey: string | null }>;

/** One event of a request. `data`: JSON; see {@link readPayload}. */
export type ReceivedHook = HookIdentity & Readonly<{ data: Buffer }>;

/**
 * The result of a request: its events and the headers that they keep, the response to a check, a verified list without
 * items, or why it is refused.
 */
export type Reception =
  | Readonly<{ outcome: 'events'; hooks: readonly ReceivedHook[]; headers: HeaderFields }>
  | Readonly<{ outcome: 'challenge'; response: object }>
  | Readonly<{ outcome: 'empty' }>
  | Readonly<{ outcome: 'refused'; reason: HookFailure }>;

/**
 * Returns why a request is refused by its headers alone, so that its body need not be read; null if the body decides. Never
 * throws for what the sender sent.
 */
export function checkHeaders(
  provider: Provider,
  headers: InboundHeaders,
  against: HeaderCheck,
): HookFailure | null {
  if (provider.reads(against.options).some((name) => headers.isRepeated(name))) return 'repeated-header';
  return provider.checkHeaders(headers, against);
}

/** Verifies a request and reads its events. Never throws for what the sender sent. */
export function receiveHook(provider: Provider, request: InboundRequest, against: Verification): Reception {
  const { headers, body } = request;
  const { options } = against;
  const failure = checkHeaders(provider, headers, against) ?? provider.verify(request, against);
  if (failure !== null) return { outcome: 'refused', reason: failure };
  const whole = readPayload(body, headers.get('content-type'));
  const challenge = provider.challenge?.(whole) ?? null;
  if (challenge !== null) return { outcome: 'challenge', response: challenge };
  const items = provider.split?.(whole, headers) ?? null;
  if (items?.length === 0) return { outcome: 'empty' };
  const hooks = (items ?? [whole]).map((payload, at): ReceivedHook => {
    const hook = { headers, payload, options, index: items === null ? null : at };
    return { ...identityOf(provider, hook), data: payload.data };
  });
  return { outcome: 'events', hooks, headers: keptHeaders(provider, headers, against) };
}

/** Returns what a provider says of one event of a request. */
export function identityOf(provider: Provider, hook: Hook): HookIdentity {
  const id = provider.id(hook);
  const resource = provider.orderingKey(hook);
  return {
    id: id === null ? null : callerText(id),
    type: eventTypeOf(provider.typePrefix, provider.type(hook)),
    orderingKey: resource === null ? null : callerText(`${provider.name}/${resource}`),
  };
}

/** Returns the headers that the events of a request keep. */
export const keptHeaders = (
  { credentials }: Provider,
  headers: InboundHeaders,
  { options, secrets }: Verification,
): HeaderFields => headers.kept({ names: credentials?.(options) ?? [], secrets });
