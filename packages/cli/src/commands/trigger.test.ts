import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aFolder, anAnsweringApi, run } from '../cli-under-test.ts';

const accepted = { id: 'evt_1', type: 'a', accepted_at: '2026-11-22T10:00:00.000Z' };
const secret = "It's a Secret to Everybody";

const aTriggerApi = async (example: unknown = null) => {
  let lists = 0;
  return anAnsweringApi(({ line }) => {
    if (line.startsWith('POST /v1/events')) return { status: 202, body: accepted };
    if (line.includes('/webhooks/sources/')) return { body: { provider: 'github', options: {} } };
    if (line.includes('/event-types?'))
      return {
        body: {
          data: [
            { name: 'own.type', description: 'of ours', example: { n: 1 } },
            { name: 'bare', example: null },
          ],
          next_cursor: null,
        },
      };
    if (line.includes('/event-types/')) return { body: { name: 'x', example } };
    if (line.includes('/webhooks/events?')) return { body: { data: [{ id: 'evt_9' }] } };
    if (line.includes('/webhooks/events/')) return { body: { id: 'evt_1' } };
    if (line.includes('/deliveries?')) {
      lists += 1;
      const status = lists < 2 ? 'pending' : 'delivered';
      return { body: { data: [{ id: 'dlv_1', subscription_id: 'sub_1', status }] } };
    }
    return { status: 200, body: '' };
  });
};

const posted = ({ requests }: Awaited<ReturnType<typeof aTriggerApi>>) =>
  requests.filter(({ line }) => line.startsWith('POST'));

describe('trigger', () => {
  it('publishes a built-in event with overrides, and shows its deliveries', async () => {
    const api = await aTriggerApi();
    const result = await api.run(
      'trigger',
      'order.created',
      '--override',
      'total=12.50',
      '--consumer',
      'acme',
      '--wait',
    );
    expect([result.code, result.err]).toEqual([0, '']);
    expect(posted(api)).toMatchObject([
      {
        line: 'POST /v1/events',
        body: { type: 'order.created', consumer_id: 'acme', data: { total: 12.5, currency: 'EUR' } },
      },
    ]);
    expect(result.out).toContain('dlv_1  sub_1  delivered');
  });

  it('publishes the example of the catalogue if there is one', async () => {
    const api = await aTriggerApi({ mine: true });
    expect((await api.run('trigger', 'order.created')).code).toBe(0);
    expect(posted(api)).toMatchObject([{ body: { data: { mine: true } } }]);
  });

  it('publishes the webhook of a provider as its source would', async () => {
    const api = await aTriggerApi();
    expect((await api.run('trigger', 'slack.command')).code).toBe(0);
    expect(posted(api)).toMatchObject([
      {
        body: {
          type: 'slack.command',
          ordering_key: 'slack/T0ACME001/C0ORDERS1',
          data: { form: { command: '/order' } },
        },
      },
    ]);
  });

  it('signs for a source, and waits for the event that has the id of the provider', async () => {
    const api = await aTriggerApi();
    const args = ['trigger', 'github.push', '--source', 'src_1', '--secret', '@secret', '--wait', '--json'];
    const result = await api.runWith({ folder: aFolder({ secret: `${secret}\n` }) }, ...args);
    expect(result.code).toBe(0);
    const [request] = posted(api);
    expect(request?.line).toBe('POST /v1/sources/src_1');
    const expected = createHmac('sha256', secret)
      .update(request?.raw ?? '')
      .digest('hex');
    expect(request?.headers).toMatchObject({
      'x-hub-signature-256': `sha256=${expected}`,
      'x-github-event': 'push',
    });
    // The key of the API is for the API.
    expect(request?.headers['authorization']).toBeUndefined();
    expect(JSON.parse(result.out)).toMatchObject({
      status: 200,
      event_id: 'evt_9',
      deliveries: [{ status: 'delivered' }],
    });
    const sought = api.requests.find(({ line }) => line.includes('/webhooks/events?'))?.line ?? '';
    expect(sought).toContain(`caller_id=${String(request?.headers['x-github-delivery'])}`);
  });

  it('sends to a URL without an API, signed as the provider does, and shows no secret', async () => {
    const { url, requests } = await anAnsweringApi(() => ({ status: 500, body: 'no' }));
    const env = { TIDINGS_SOURCE_SECRET: secret };
    const github = await run(['trigger', 'github.push', '--forward-to', url], { env });
    expect([github.code, github.err]).toEqual([1, `${url} responded 500.`]);
    expect(github.out).toMatch(/x-hub-signature-256: sha256=/);
    const gitlab = await run(['trigger', 'gitlab.push', '--forward-to', url], { env });
    expect(requests[1]?.headers).toMatchObject({ 'x-gitlab-token': secret });
    expect(gitlab.out).toContain('x-gitlab-token: ***');
    expect(github.out + gitlab.out).not.toContain(secret);
  });

  it('lists the fixtures, with those of the catalogue if the API can be asked', async () => {
    const api = await aTriggerApi();
    const online = await api.run('trigger', '--list');
    expect(online.out).toMatch(/^own\.type +of ours$/m);
    expect(online.out).toMatch(/^github\.push +a commit/m);
    expect(online.out).not.toContain('bare');
    const offline = await run(['trigger', '--list'], {});
    expect([offline.code, offline.err]).toEqual([
      0,
      expect.stringContaining('Without the examples of your catalogue'),
    ]);
    expect(offline.out).toMatch(/^stripe\.payment_intent\.succeeded +/m);
  });

  it.each([
    [[], 'Name a fixture'],
    [['nothing.such'], "There is no fixture 'nothing.such'"],
    [['stripe.invoice.paid', '--source', 'src_1', '--secret', 's'], 'src_1 is a source of github'],
    [['github.push', '--source', 'src_1'], 'set TIDINGS_SOURCE_SECRET'],
    [['github.push', '--source', 'src_1', '--forward-to', 'http://x'], 'Use either'],
    [['github.push', '--forward-to', 'ftp://localhost'], '--forward-to must be an http'],
    [['sendgrid.bounce', '--forward-to', 'http://127.0.0.1:1', '--secret', 'no key'], 'give it in PEM'],
    [['order.paid', '--override', 'total'], '--override must be path=value'],
  ])('%j is refused', async (args, text) => {
    const api = await aTriggerApi();
    const { code, err } = await api.run('trigger', ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(text)]);
    expect(posted(api)).toEqual([]);
  });
});
