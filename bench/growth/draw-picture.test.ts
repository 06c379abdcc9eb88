import { describe, expect, it } from 'vitest';
import { drawPicture, roundUp } from './draw-picture.ts';

const panel = {
  title: 'CPU',
  lines: [
    {
      name: 'all',
      points: [
        [1, 0],
        [10, 50],
        [100, 100],
      ] as const,
    },
    {
      name: 'a < b & c',
      points: [
        [1, 0],
        [10, 0],
        [100, 0],
      ] as const,
    },
  ],
};

describe('a picture of a curve', () => {
  it('places points on a logarithmic x axis and a y axis from 0', () => {
    const picture = drawPicture({ title: 'Growth', unit: 'endpoints', panels: [panel] });
    expect(picture).toContain('<polyline points="56.0,264.0 191.0,161.0 326.0,58.0"');
    expect(picture).toContain('a &lt; b &amp; c');
    expect(picture).not.toMatch(/NaN|Infinity/);
  });

  it('draws a single point, and panels beside each other', () => {
    const one = { title: 'one', lines: [{ name: 'all', points: [[5, 7]] as const }] };
    const picture = drawPicture({ title: 'Growth', unit: 'endpoints', panels: [one, panel] });
    expect(picture).toContain('width="840"');
    expect(picture).not.toMatch(/NaN|Infinity/);
  });

  it.each([
    [0, 1],
    [0.7, 1],
    [11, 20],
    [24, 25],
    [26, 50],
    [980, 1_000],
    [1_000, 1_000],
  ])('ends its axis at a round value: %d at %d', (value, end) => {
    expect(roundUp(value)).toBe(end);
  });
});
