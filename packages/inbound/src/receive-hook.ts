import type { HeaderFields } from '@tidings/contracts';
import { callerText, eventTypeOf } from './event-names.ts';
import type { InboundHeaders } from './headers.ts';
import { readPayload } from './payload.ts';
import type { HeaderCheck, HookFailure, InboundRequest, Provider, Verification } from './provider.ts';

/** One event of a request. `id`: the provider's own, the same in every repeat; null without one. */
export type ReceivedHook = Readonly<{
  id: string | null;
  type: string;
  orderingKey: string | null;
  /** JSON; see {@link readPayload}. */
  data: Buffer;
}>;

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
    const id = provider.id(hook);
    const resource = provider.orderingKey(hook);
    return {
      id: id === null ? null : callerText(id),
      type: eventTypeOf(provider.typePrefix, provider.type(hook)),
      orderingKey: resource === null ? null : callerText(`${provider.name}/${resource}`),
      data: payload.data,
    };
  });
  const names = provider.credentials?.(options) ?? [];
  return { outcome: 'events', hooks, headers: headers.kept({ names, secrets: against.secrets }) };
}
