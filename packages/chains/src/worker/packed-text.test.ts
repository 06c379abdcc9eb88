import { describe, expect, it } from 'vitest';
import { TextPacker, unpack } from './packed-text.ts';

const state = (n: number): string =>
  JSON.stringify({
    runId: `run_${n}`,
    event: { id: `evt_${n}`, type: 'order.paid' },
    name: 'Zoë',
    steps: [],
  });

describe('a packed text', () => {
  it('is the same when it is unpacked, and takes a fraction of it', () => {
    const packer = new TextPacker();
    packer.pack('order.paid', state(0));
    for (let n = 1; n <= 100; n += 1) {
      const packed = packer.pack('order.paid', state(n));
      expect(packed && unpack(packed)).toBe(state(n));
      expect(packed?.bytes.length).toBeLessThan(state(n).length / 2);
    }
  });

  it('is kept as it is if it is large', () => {
    expect(new TextPacker().pack('order.paid', 'x'.repeat(65_537))).toBeUndefined();
  });
});
