import { eventually } from '@tidings/testing';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import {
  aBrowserPage,
  expectAccessible,
  expectAccessibleInBothSchemes,
  picture,
  signInAt,
  withBrowser,
} from '../harness/browser.ts';
import { Caller, untilJobsEnd } from '../harness/caller.ts';
import { inOwnWorkspace, sharedTidings } from '../harness/shared-tidings.ts';
import type { LocalStack } from '../harness/tidings.ts';
import { type RunState, readOrders, recordRuns, startApp } from '../harness/worker-runs.ts';

withBrowser();

const script = '<script>document.title="taken"</script>';
const reversed = '\u202egnp.exe';
const app = 'shop-screens';
const type = 'order.paid';

let local: LocalStack;
let api: Caller;

/** Publishes an event, and returns what a state of its run says of both, once the history has the event. */
async function publish(handler: string): Promise<RunState> {
  const { id } = await api.call('POST', '/events', { type, data: { order: 1_042 } });
  await eventually(async () => api.call('GET', `/webhooks/events/${id}`));
  return { app, handler, workspace: local.workspace_id, event: { id, type } };
}

const attempt = (number: number, error: string | null) => ({
  ...{ attempt: number, startedAtMs: Date.now() - 60_000 + number * 1_000, durationMs: 412, error },
  outcome: error === null ? ('succeeded' as const) : ('failed' as const),
});

const step = (name: string) => ({
  ...{ name, kind: 'step' as const, generation: 0, retryAtMs: null, result: null, succeededAt: null },
});

const succeeded = (name: string, result: unknown) => ({
  ...step(name),
  ...{ status: 'succeeded' as const, attemptCount: 1, attempts: [attempt(1, null)], succeededAt: 2, result },
});

const refused = (name: string, status: 'waiting' | 'failed') => ({
  ...{ ...step(name), status, attemptCount: 2, retryAtMs: status === 'failed' ? null : Date.now() + 600_000 },
  attempts: [attempt(1, 'The invoice service answered 503.'), attempt(2, `${script} ${reversed}`)],
});

const inRows = (page: Page, handler: string) => page.getByRole('table').getByRole('link', { name: handler });

beforeAll(async () => {
  local = await inOwnWorkspace(await sharedTidings(), `ws_runs_${Date.now()}`);
  api = new Caller(local.url, local.admin_key);
  await startApp(local, app);
});

it('finds a failed run, shows why it failed and what was compensated, and retries it', async () => {
  const begun = await publish(type);
  const markPaid = succeeded('mark-paid', { paid: true, note: reversed });
  const failed: RunState = {
    ...{ ...begun, status: 'failed', sequence: 6, startedAtMs: Date.now() - 60_000, endedAtMs: Date.now() },
    steps: [
      markPaid,
      refused('make-invoice', 'failed'),
      { ...succeeded('mark-paid:compensate', null), kind: 'compensation' },
    ],
    failure: { reason: 'step-failed', step: 'make-invoice', message: `${script} ${reversed}` },
  };
  const done = await publish('order.created');
  const [run] = await recordRuns(local, [failed, { ...done, status: 'completed', endedAtMs: Date.now() }]);
  await api.list('/webhooks/runs', 2);
  const page = await aBrowserPage();
  await signInAt(page, local, '/runs');
  await inRows(page, 'order.created').waitFor();
  await page.getByLabel('Status').selectOption('Failed');
  await inRows(page, 'order.created').waitFor({ state: 'detached' });
  await page.getByText('2 succeeded, 1 failed').waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'runs');
  await inRows(page, type).focus();
  await page.keyboard.press('Enter');
  await page.getByText('The step “make-invoice” failed for good').waitFor();
  const errors = page.getByRole('group', { name: 'Attempts of make-invoice' });
  await errors.getByText(`${script} ⟦U+202E⟧gnp.exe`).waitFor();
  await page.getByText('Compensation', { exact: true }).waitFor();
  await page.getByRole('button', { name: /^mark-paid Succeeded/ }).press('Enter');
  await page.getByRole('group', { name: 'Result of mark-paid' }).getByText('"paid": true').waitFor();
  expect(await page.title()).toBe(`${type} · Tidings`);
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'run');
  await page.getByRole('button', { name: 'Retry' }).click();
  await expectAccessible(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).press('Enter');
  await page.getByText('The retry is in the log').waitFor();
  expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(0);
  const order = (await readOrders(local, app)).at(-1);
  expect(order).toMatchObject({ type: 'RunRetryRequested.v1', runId: run, sequence: failed.sequence });
  // As its application does when it takes the order up.
  await recordRuns(local, [{ ...begun, sequence: 7, retries: 1, steps: [markPaid] }]);
  await page.getByText('Running', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Cancel run' }).waitFor();
  expect(await page.getByText('The retry is in the log').count()).toBe(0);
});

it('retries the failed runs of a filter by a job, after it has counted them', async () => {
  const failure = { reason: 'step-failed', step: 'make-invoice', message: 'no answer' } as const;
  const handlers = ['bulk.first', 'bulk.second'];
  const begun = await Promise.all(handlers.map(publish));
  const states = begun.map((state): RunState => ({ ...state, status: 'failed', sequence: 5, failure }));
  const page = await aBrowserPage();
  await signInAt(page, local, '/runs?handler=bulk.first');
  await page.getByText('No run matches the filters').waitFor();
  const ids = await recordRuns(
    local,
    states.map((state) => ({ ...state, startedAtMs: Date.now() - 60_000, endedAtMs: Date.now() })),
  );
  // The list reads its top again by itself.
  await inRows(page, 'bulk.first').waitFor();
  await page.getByRole('button', { name: 'Retry failed …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('1 failed run matches the filters.').waitFor();
  await expectAccessible(page);
  await picture(page, 'runs-retry');
  await dialog.getByRole('button', { name: 'Retry 1 run' }).press('Enter');
  await page.getByRole('heading', { name: 'Retry of runs' }).waitFor();
  await page.getByText('retried', { exact: true }).waitFor();
  await expectAccessible(page);
  const orders = await readOrders(local, app);
  expect(orders.filter(({ runId }) => ids.includes(runId))).toMatchObject([
    { type: 'RunRetryRequested.v1', runId: ids[0], sequence: 5 },
  ]);
});

it('leads from an event to its run, which waits, and cancels it with a reason', async () => {
  const begun = await publish(type);
  const waitingUntilMs = Date.now() + 600_000;
  const steps = [succeeded('mark-paid', null), refused('make-invoice', 'waiting')];
  const [run] = await recordRuns(local, [{ ...begun, status: 'waiting', waitingUntilMs, steps }]);
  await api.list(`/webhooks/runs?event_id=${begun.event.id}`, 1);
  const page = await aBrowserPage();
  await signInAt(page, local, `/events/${begun.event.id}`);
  const runs = page.getByRole('region', { name: 'Runs' });
  await runs.getByText('Waiting', { exact: true }).waitFor();
  await expectAccessibleInBothSchemes(page);
  await picture(page, 'event-runs');
  await runs.getByRole('link', { name: type }).click();
  await page.getByText('Next attempt', { exact: true }).waitFor();
  await picture(page, 'run-waiting');
  await page.getByRole('button', { name: 'Cancel run' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('x'.repeat(501));
  await dialog.getByRole('button', { name: 'Cancel run' }).click();
  await dialog.getByText('At most 500 characters, these are 501.').waitFor();
  await dialog.getByLabel('Reason').fill('ordered twice');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Cancel run' }).press('Enter');
  await page.getByText('The cancellation is in the log').waitFor();
  const order = (await readOrders(local, app)).at(-1);
  expect(order).toMatchObject({ type: 'RunCancelRequested.v1', runId: run, reason: 'ordered twice' });
  const cancelled = { by: String(order?.by), reason: 'ordered twice' };
  await recordRuns(local, [
    { ...begun, status: 'cancelled', sequence: 2, endedAtMs: Date.now(), steps, cancelled },
  ]);
  await page.getByText(/^Cancelled by .+: ordered twice$/).waitFor();
  expect(await page.getByRole('button', { name: 'Cancel run' }).count()).toBe(0);
  await page.getByRole('link', { name: begun.event.id }).click();
  await runs.getByRole('link', { name: 'In the list of runs' }).click();
  await inRows(page, type).waitFor();
  await page.getByRole('table').getByText('Cancelled', { exact: true }).waitFor();
});

it('marks an erased run, and has no page of runs in the portal', async () => {
  const begun = await publish(type);
  const failure = { reason: 'state-too-large', step: null, message: 'to be forgotten' } as const;
  const steps = [succeeded('mark-paid', { name: 'to be forgotten' })];
  const failed: RunState = { ...begun, status: 'failed', endedAtMs: Date.now(), steps, failure };
  const [run] = await recordRuns(local, [failed]);
  await api.list(`/webhooks/runs?event_id=${begun.event.id}`, 1);
  await api.call('POST', '/webhooks/erasures', { event_id: begun.event.id });
  await untilJobsEnd(api);
  const page = await aBrowserPage();
  await signInAt(page, local, `/runs/${run}`);
  await page.getByText('Results, errors and the ordering key were erased on request').waitFor();
  await page.getByText('Erased', { exact: true }).waitFor();
  await page.getByText('so that it cannot be retried').waitFor();
  expect(await page.getByRole('button', { name: 'Retry' }).count()).toBe(0);
  await page.getByRole('button', { name: /^mark-paid Succeeded/ }).click();
  await page.getByRole('group', { name: 'Attempts of mark-paid' }).waitFor();
  expect(await page.getByText('to be forgotten').count()).toBe(0);
  await expectAccessible(page);
  await api.call('POST', '/webhooks/consumers', { id: 'acme' });
  const token = await api.newToken(local, { consumer_id: 'acme' });
  const portal = await aBrowserPage();
  await portal.goto(`${local.url}/portal/runs#token=${token}`);
  await portal.getByRole('heading', { name: 'Nothing is here' }).waitFor();
  const links = portal.getByRole('navigation').getByRole('link');
  await links.filter({ hasText: 'Deliveries' }).waitFor();
  expect(await links.filter({ hasText: 'Runs' }).count()).toBe(0);
});
