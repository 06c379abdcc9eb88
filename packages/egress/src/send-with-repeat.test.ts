import { expect, it } from 'vitest';
import type { EgressRequest } from './create-egress.ts';
import type { EgressOutcome } from './outcome.ts';
import { sendWithRepeat } from './send-with-repeat.ts';

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null, totalMs: 1 };
const failed = (reason: 'reset' | 'aborted' | 'timeout', beforeAnyByte: boolean): EgressOutcome => ({
  kind: 'failed',
  reason,
  detail: '',
  status: null,
  headers: {},
  beforeAnyByte,
  timings,
});
const request = { url: 'https://a.example/', headers: {}, body: Buffer.alloc(0), timeoutMs: 1 };

async function sendTwice(first: EgressOutcome, second: EgressOutcome) {
  const outcomes = [first, second];
  const sent: EgressRequest[] = [];
  let repeats = 0;
  const send = (one: EgressRequest) => {
    sent.push(one);
    return Promise.resolve(outcomes.shift() as EgressOutcome);
  };
  const outcome = await sendWithRepeat({ send }, request, () => {
    repeats += 1;
  });
  return { outcome, repeats, sent };
}

it.each(['reset', 'aborted'] as const)(
  'repeats once, on a fresh socket, what an idle one lost before any byte (%s), whatever comes of the repeat',
  async (reason) => {
    const again = failed('reset', true);
    expect(await sendTwice(failed(reason, true), again)).toEqual({
      outcome: again,
      repeats: 1,
      sent: [request, { ...request, freshSocket: true }],
    });
  },
);

it.each([failed('reset', false), failed('timeout', false), failed('aborted', false)])(
  'does not repeat anything else',
  async (first) => {
    expect(await sendTwice(first, first)).toEqual({ outcome: first, repeats: 0, sent: [request] });
  },
);
