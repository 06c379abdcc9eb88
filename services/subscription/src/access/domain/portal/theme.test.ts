import { describe, expect, it } from 'vitest';
import { contrastOf, mixed, readableOn } from './colours.ts';
import { noPortalSettings, portalSettings } from './portal-settings.ts';
import { coloursOf, contrastFaults } from './theme.ts';

const someColours = Array.from({ length: 4_096 }, (_, at) => {
  const [red, green, blue] = [at >> 8, (at >> 4) & 15, at & 15].map((part) =>
    (part * 17).toString(16).padStart(2, '0'),
  );
  return `#${red}${green}${blue}`;
});

describe('contrast', () => {
  // The examples of WCAG and of the WebAIM checker.
  it.each([
    ['#000000', '#ffffff', 21],
    ['#777777', '#ffffff', 4.48],
    ['#ffffff', '#ffffff', 1],
    ['#ff0000', '#ffffff', 4],
  ])('of %s and %s is %d', (one, other, ratio) => {
    expect(contrastOf(one, other)).toBeCloseTo(ratio, 1);
    expect(contrastOf(other, one)).toBe(contrastOf(one, other));
  });

  it('of black or white is enough on every colour', () => {
    for (const colour of someColours) expect(contrastOf(readableOn(colour), colour)).toBeGreaterThan(4.5);
  });
});

it('mixes colours', () => {
  expect([mixed('#000000', '#ffffff', 0.5), mixed('#102030', '#ffffff', 0)]).toEqual(['#808080', '#102030']);
});

describe('a theme', () => {
  it.each(['light', 'dark'] as const)(
    'of the %s scheme can be read wherever its accent is accepted',
    (scheme) => {
      const surface = { light: '#ffffff', dark: '#171b24' }[scheme];
      let accepted = 0;
      for (const accent of someColours) {
        const settings = portalSettings({ [scheme]: { accent } });
        if (contrastFaults(settings).length > 0) continue;
        accepted += 1;
        const { accent_wash, accent_hover, on_accent } = coloursOf(scheme, { accent, bar: null });
        for (const behind of [surface, accent_wash ?? '']) {
          expect(contrastOf(accent, behind)).toBeGreaterThanOrEqual(4.5);
          expect(contrastOf(accent_hover ?? '', behind)).toBeGreaterThanOrEqual(4.5);
        }
        expect(contrastOf(on_accent ?? '', accent)).toBeGreaterThanOrEqual(4.5);
        expect(contrastOf(on_accent ?? '', accent_hover ?? '')).toBeGreaterThanOrEqual(4.5);
      }
      expect(accepted).toBeGreaterThan(1_000);
    },
  );

  it('names the nearest colour that can be read', () => {
    const [fault] = contrastFaults(portalSettings({ light: { accent: '#7aa7ff' } }));
    expect(fault?.pointer).toBe('/portal/light/accent');
    const [, suggested = ''] =
      /nearest colour that has it is '(#[0-9a-f]{6})'/.exec(fault?.detail ?? '') ?? [];
    expect(contrastFaults(portalSettings({ light: { accent: suggested } }))).toEqual([]);
    expect(contrastFaults(noPortalSettings)).toEqual([]);
  });

  it('has no colours where none are set', () => {
    expect(new Set(Object.values(coloursOf('light', { accent: null, bar: null })))).toEqual(new Set([null]));
    expect(coloursOf('dark', { accent: null, bar: '#123456' })).toMatchObject({
      bar: '#123456',
      on_bar: '#ffffff',
    });
  });
});
