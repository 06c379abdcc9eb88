import type { RequestOutcome } from '@tidings/contracts';
import { expect, it } from 'vitest';
import type { EgressRequest } from './create-egress.ts';
import { sendWithRepeat } from './send-with-repeat.ts';

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null, totalMs: 1 };
const aborted = (beforeAnyByte: boolean): RequestOutcome => ({
  kind: 'aborted',
  detail: '',
  beforeAnyByte,
  timings,
});
const failed = (reason: 'reset' | 'timeout', beforeAnyByte: boolean): RequestOutcome => ({
  kind: 'failed',
  reason,
  detail: '',
  status: null,
  headers: {},
  body: Buffer.alloc(0),
  beforeAnyByte,
  timings,
});
const request = { url: 'https://a.example/', headers: {}, body: Buffer.alloc(0), timeoutMs: 1 };

async function sendTwice(first: RequestOutcome, second: RequestOutcome) {
  const outcomes = [first, second];
  const sent: EgressRequest[] = [];
  let repeats = 0;
  const send = (one: EgressRequest) => {
    sent.push(one);
    return Promise.resolve(outcomes.shift() as RequestOutcome);
  };
  const outcome = await sendWithRepeat({ send }, request, () => {
    repeats += 1;
  });
  return { outcome, repeats, sent };
}

it.each([failed('reset', true), aborted(true)])(
  'repeats a request once, on a fresh socket, if an idle socket was lost before any byte (%o)',
  async (first) => {
    const again = failed('reset', true);
    expect(await sendTwice(first, again)).toEqual({
      outcome: again,
      repeats: 1,
      sent: [request, { ...request, freshSocket: true }],
    });
  },
);

it.each([failed('reset', false), failed('timeout', false), aborted(false)])(
  'does not repeat any other outcome (%o)',
  async (first) => {
    expect(await sendTwice(first, first)).toEqual({ outcome: first, repeats: 0, sent: [request] });
  },
);
