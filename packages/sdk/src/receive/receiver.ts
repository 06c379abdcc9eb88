import type { IncomingHeaders } from '@tidings/signing/web';
import { checkFunction, checkNames, checkWhole, type Names } from '../check-arguments.ts';
import { checkDedupe, type DedupeStore } from './dedupe.ts';
import { type TrustOptions, trustNames, type VerifyWebhookInput } from './trust.ts';
import type { RefusalReason, VerifiedWebhook, Webhook } from './webhook.ts';

/**
 * Options of a receiver: the trusted keys, the maximum body size (default 1 MiB), and the store for deduplication.
 * `onRefused` is called for each refused request. `onError` is called when the store could not complete or release a
 * claim, after your handler has run (default: console.error).
 */
export type ReceiverOptions<Request> = TrustOptions &
  Readonly<{
    maxBytes?: number;
    dedupe?: DedupeStore;
    onRefused?: (reason: RefusalReason | 'body-too-large', request: Request) => void;
    onError?: (error: unknown, request: Request) => void;
  }>;

/**
 * A decision about a request: respond as given, or run the handler of a new delivery and report its success to
 * `settle`, which never rejects.
 */
export type Received =
  | Readonly<{ kind: 'answer'; status: number; body: Readonly<Record<string, unknown>> }>
  | Readonly<{ kind: 'webhook'; webhook: Webhook; settle: (isHandled: boolean) => Promise<void> }>;

/** A request of any framework. `readBody` returns null for a body above `maxBytes`. */
export type ReceiverInput<Request> = Readonly<{
  request: Request;
  headers: IncomingHeaders;
  readBody: (maxBytes: number) => Promise<Uint8Array | null>;
}>;

/** Verifies and deduplicates requests. */
export type Receiver<Request> = (input: ReceiverInput<Request>) => Promise<Received>;

type Verify = (input: VerifyWebhookInput) => VerifiedWebhook | Promise<VerifiedWebhook>;

/** The default of `maxBytes`. */
export const defaultMaxBytes = 1024 * 1024;

const names: Names = {
  known: [...trustNames.known, 'maxBytes', 'dedupe', 'onRefused', 'onError'],
  mistakenFor: { ...trustNames.mistakenFor, limit: 'maxBytes' },
};

/** Throws TypeError for options of a receiver of the wrong kind; the keys are left to the verifier. */
export function checkReceiverOptions<Request>(what: string, options: ReceiverOptions<Request>): void {
  checkNames(`the argument of ${what}`, options, names);
  const { maxBytes, dedupe, onRefused, onError } = options;
  if (maxBytes !== undefined) checkWhole('maxBytes', maxBytes, [1, Number.MAX_SAFE_INTEGER]);
  if (dedupe !== undefined) checkDedupe(dedupe);
  if (onRefused !== undefined) checkFunction('onRefused', onRefused);
  if (onError !== undefined) checkFunction('onError', onError);
}

/** Returns the options that a verifier needs. */
export const trustOf = <Request>({
  secrets,
  publicKeys,
  toleranceSeconds,
}: ReceiverOptions<Request>): TrustOptions => ({
  ...(secrets === undefined ? {} : { secrets }),
  ...(publicKeys === undefined ? {} : { publicKeys }),
  ...(toleranceSeconds === undefined ? {} : { toleranceSeconds }),
});

const answer = (status: number, body: Readonly<Record<string, unknown>>): Received => ({
  kind: 'answer',
  status,
  body,
});

/**
 * Creates a receiver: 413 above `maxBytes`, 401 for what cannot be trusted, 200 for a delivery that was handled before,
 * 409 for one that is being handled (it is sent again). The rest is for the handler.
 */
export function createReceiver<Request>(
  options: ReceiverOptions<Request>,
  verify: Verify,
): Receiver<Request> {
  const trust = trustOf(options);
  return async ({ request, headers, readBody }) => {
    const refuse = (status: number, reason: RefusalReason | 'body-too-large'): Received => {
      options.onRefused?.(reason, request);
      return answer(status, { error: reason });
    };
    const body = await readBody(options.maxBytes ?? defaultMaxBytes);
    if (body === null) return refuse(413, 'body-too-large');
    const result = await verify({ ...trust, headers, body });
    if (!result.ok) return refuse(401, result.reason);
    const claimId = crypto.randomUUID();
    const claim = (await options.dedupe?.claim(result.id, claimId)) ?? 'claimed';
    if (claim === 'handled') return answer(200, { duplicate: true });
    if (claim === 'in-progress') return answer(409, { error: 'in-progress' });
    const settle = async (isHandled: boolean): Promise<void> => {
      try {
        await options.dedupe?.[isHandled ? 'complete' : 'release'](result.id, claimId);
      } catch (error) {
        (options.onError ?? report)(error, request);
      }
    };
    const { ok: _, ...webhook } = result;
    return { kind: 'webhook', webhook, settle };
  };
}

function report(error: unknown): void {
  console.error('tidings: the dedupe store could not remember what became of a webhook', error);
}

/** Returns true for a status that acknowledges a delivery. */
export const isSuccess = (status: number): boolean => status >= 200 && status < 300;
