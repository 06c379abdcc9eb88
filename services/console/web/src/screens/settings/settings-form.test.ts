import { describe, expect, it } from 'vitest';
import { formOf, patchOf, type SettingsForm, settingsFaults, shortensHistory } from './settings-form.ts';
import { texts } from './texts.ts';

const workspace = {
  name: 'The shop',
  event_type_policy: 'strict',
  allow_http: false,
  max_subscriptions: 1_000,
  disable_after_failures: 100,
  retention_days: null,
  notice: { url: 'https://chat.example/***', style: 'slack' },
  portal: null,
  version: 4,
} as never;
const base = formOf(workspace).values;
const changed = (change: Partial<SettingsForm>): SettingsForm => ({ ...base, ...change });

describe('the settings of a workspace as a form', () => {
  it('sends only what differs, and names the version that it was read at', () => {
    expect(formOf(workspace).etag).toBe('"4"');
    expect(patchOf(base, base)).toEqual({});
    expect(patchOf(changed({ name: 'Shop', max_subscriptions: '50', allow_http: true }), base)).toEqual({
      name: 'Shop',
      max_subscriptions: 50,
      allow_http: true,
    });
  });

  it('keeps a hidden URL of notices unless another is given, and removes both with null', () => {
    const notice = base.notice;
    expect(patchOf(changed({ notice: { ...notice, style: 'json' } }), base)).toEqual({
      notice: { style: 'json' },
    });
    expect(patchOf(changed({ notice: { ...notice, url: ' https://a.example/x ' } }), base)).toEqual({
      notice: { url: 'https://a.example/x', style: 'slack' },
    });
    expect(patchOf(changed({ notice: { ...notice, isOn: false } }), base)).toEqual({ notice: null });
  });

  it('takes an empty retention for that of the installation', () => {
    const own = formOf({ ...(workspace as object), retention_days: 7 } as never).values;
    expect(patchOf({ ...own, retention_days: '' }, own)).toEqual({ retention_days: null });
    expect(patchOf(changed({ retention_days: '14' }), base)).toEqual({ retention_days: 14 });
  });

  it('refuses what is no number, and notices without a place', () => {
    expect([...settingsFaults(changed({ max_subscriptions: '', retention_days: '1.5' }))]).toEqual([
      ['max_subscriptions', texts.wholeNumber('')],
      ['retention_days', texts.wholeNumber('1.5')],
    ]);
    const notice = { ...base.notice, shown: null };
    expect([...settingsFaults(changed({ notice }))]).toEqual([['notice/url', texts.noticeMissing]]);
    expect(settingsFaults(base).size).toBe(0);
  });

  it('sends the appearance of the portal whole, and null when nothing of it is left', () => {
    const portal = {
      ...base.portal,
      name: ' Shop ',
      light: { accent: '#0b5c4a', bar: '' },
      origins: 'https://a.example\n https://b.example ',
    };
    const set = changed({ portal });
    expect(patchOf(set, base)).toEqual({
      portal: {
        ...{ name: 'Shop', logo: null, refresh_url: null },
        light: { accent: '#0b5c4a', bar: null },
        dark: { accent: null, bar: null },
        origins: ['https://a.example', 'https://b.example'],
      },
    });
    expect(patchOf(base, set)).toEqual({ portal: null });
  });

  it.each([
    ['', '14', true],
    ['30', '14', true],
    ['14', '30', false],
    ['14', '14', false],
    ['14', '', false],
  ])('knows that a retention of %j to %j removes history: %s', (before, after, isShorter) => {
    expect(shortensHistory(changed({ retention_days: after }), changed({ retention_days: before }))).toBe(
      isShorter,
    );
  });
});
