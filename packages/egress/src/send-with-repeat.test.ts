import { expect, it } from 'vitest';
import type { EgressOutcome } from './outcome.ts';
import { sendWithRepeat } from './send-with-repeat.ts';

const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null, totalMs: 1 };
const failed = (reason: 'reset' | 'refused', beforeAnyByte: boolean): EgressOutcome => ({
  kind: 'failed',
  reason,
  detail: '',
  beforeAnyByte,
  timings,
});
const request = { url: 'https://a.example/', headers: {}, body: Buffer.alloc(0), timeoutMs: 1 };

async function sendTwice(first: EgressOutcome, second: EgressOutcome) {
  const outcomes = [first, second];
  let repeats = 0;
  const send = () => Promise.resolve(outcomes.shift() as EgressOutcome);
  const outcome = await sendWithRepeat({ send }, request, () => {
    repeats += 1;
  });
  return { outcome, repeats, left: outcomes.length };
}

it('repeats once what an idle socket lost before any byte, whatever comes of the repeat', async () => {
  const again = failed('reset', true);
  expect(await sendTwice(failed('reset', true), again)).toEqual({ outcome: again, repeats: 1, left: 0 });
});

it.each([failed('reset', false), failed('refused', true)])('does not repeat anything else', async (first) => {
  expect(await sendTwice(first, first)).toEqual({ outcome: first, repeats: 0, left: 1 });
});
