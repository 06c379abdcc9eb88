import type { Schemas } from '../../api/client.ts';
import type { Faults } from '../../parts/form/faults.ts';
import type { Read } from '../../parts/form/use-form.ts';
import { texts } from './texts.ts';

type Workspace = Schemas['Workspace'];
type Change = Schemas['WorkspaceChange'];
type Style = 'json' | 'slack' | 'telegram';

/** The settings as a form has them, by the names of the API. */
export type SettingsForm = Readonly<{
  name: string;
  event_type_policy: Workspace['event_type_policy'];
  allow_http: boolean;
  max_subscriptions: string;
  disable_after_failures: string;
  /** Empty: the setting of the installation. */
  retention_days: string;
  /** `url` is empty to keep the one that is set, of which only `shown` is known. */
  notice: Readonly<{ isOn: boolean; url: string; style: Style; shown: string | null }>;
  portal: PortalForm;
}>;

/** The appearance of the portal; empty: that of Tidings. `origins` has one a line. */
export type PortalForm = Readonly<{
  name: string;
  logo: string;
  light: Colours;
  dark: Colours;
  origins: string;
  refresh_url: string;
}>;

/** The colours of one scheme. */
export type Colours = Readonly<{ accent: string; bar: string }>;

/** Returns the form of a workspace as it was read. */
export const formOf = (workspace: Workspace): Read<SettingsForm> => ({
  values: {
    name: workspace.name,
    event_type_policy: workspace.event_type_policy,
    allow_http: workspace.allow_http,
    max_subscriptions: String(workspace.max_subscriptions),
    disable_after_failures: String(workspace.disable_after_failures),
    retention_days: workspace.retention_days === null ? '' : String(workspace.retention_days),
    notice: {
      isOn: workspace.notice !== null,
      url: '',
      style: workspace.notice?.style ?? 'json',
      shown: workspace.notice?.url ?? null,
    },
    portal: {
      name: workspace.portal?.name ?? '',
      logo: workspace.portal?.logo ?? '',
      light: coloursOf(workspace.portal?.light),
      dark: coloursOf(workspace.portal?.dark),
      origins: (workspace.portal?.origins ?? []).join('\n'),
      refresh_url: workspace.portal?.refresh_url ?? '',
    },
  },
  etag: `"${workspace.version}"`,
});

type ReadColours = NonNullable<Workspace['portal']>['light'] | undefined;

const coloursOf = (colours: ReadColours): Colours => ({
  accent: colours?.accent ?? '',
  bar: colours?.bar ?? '',
});

const isWhole = (text: string): boolean => /^\d+$/.test(text.trim());

/** Returns what is wrong with the form before anything is sent. Bounds are the API's to check. */
export function settingsFaults(form: SettingsForm): Faults {
  const faults = new Map<string, string>();
  for (const name of ['max_subscriptions', 'disable_after_failures'] as const)
    if (!isWhole(form[name])) faults.set(name, texts.wholeNumber(form[name]));
  if (form.retention_days.trim() !== '' && !isWhole(form.retention_days))
    faults.set('retention_days', texts.wholeNumber(form.retention_days));
  if (form.notice.isOn && form.notice.url.trim() === '' && form.notice.shown === null)
    faults.set('notice/url', texts.noticeMissing);
  return faults;
}

/** Returns the merge patch that makes `values` of `base`: only what differs, so that other changes stay. */
export function patchOf(values: SettingsForm, base: SettingsForm): Change {
  const differs = (name: keyof SettingsForm) => JSON.stringify(values[name]) !== JSON.stringify(base[name]);
  const days = values.retention_days.trim();
  return {
    ...(differs('name') ? { name: values.name } : {}),
    ...(differs('event_type_policy') ? { event_type_policy: values.event_type_policy } : {}),
    ...(differs('allow_http') ? { allow_http: values.allow_http } : {}),
    ...(differs('max_subscriptions') ? { max_subscriptions: Number(values.max_subscriptions) } : {}),
    ...(differs('disable_after_failures')
      ? { disable_after_failures: Number(values.disable_after_failures) }
      : {}),
    ...(differs('retention_days') ? { retention_days: days === '' ? null : Number(days) } : {}),
    ...(differs('notice') ? { notice: noticeOf(values.notice) } : {}),
    ...(differs('portal') ? { portal: portalOf(values.portal) } : {}),
  };
}

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

function portalOf(portal: PortalForm): NonNullable<Change['portal']> | null {
  const { name, logo, light, dark, origins, refresh_url } = portal;
  const list = origins.split(/\s+/).filter((one) => one !== '');
  const schemes = [light, dark].map(({ accent, bar }) => ({ accent: orNull(accent), bar: orNull(bar) }));
  const [inLight, inDark] = schemes as [(typeof schemes)[0], (typeof schemes)[0]];
  const all = [name, logo, light.accent, light.bar, dark.accent, dark.bar, refresh_url, ...list];
  if (all.every((one) => one.trim() === '')) return null;
  return {
    name: orNull(name),
    logo: orNull(logo),
    light: inLight,
    dark: inDark,
    origins: list,
    refresh_url: orNull(refresh_url),
  };
}

function noticeOf({ isOn, url, style }: SettingsForm['notice']): NonNullable<Change['notice']> | null {
  if (!isOn) return null;
  return url.trim() === '' ? { style } : { url: url.trim(), style };
}

/** Returns true if a change makes the history shorter than it was, as far as that can be known. */
export function shortensHistory(values: SettingsForm, base: SettingsForm): boolean {
  if (values.retention_days === base.retention_days || values.retention_days.trim() === '') return false;
  return base.retention_days === '' || Number(values.retention_days) < Number(base.retention_days);
}
