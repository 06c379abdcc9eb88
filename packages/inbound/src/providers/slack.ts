import { hmacOf, isAnyEqual } from '../constant-time.ts';
import { textAt, valueInForm } from '../payload.ts';
import { type Hook, lengthFault, type Provider } from '../provider.ts';
import { timestampFault } from '../timestamp.ts';

const signatureHeader = 'x-slack-signature';
const timestampHeader = 'x-slack-request-timestamp';
const bodyOf = ({ payload }: Hook): unknown => valueInForm(payload.value);

/** https://docs.slack.dev/authentication/verifying-requests-from-slack: events, slash commands and interactions. */
export const slack: Provider = {
  name: 'slack',
  typePrefix: 'slack',
  maxBytes: 1_000_000,
  contentTypes: ['application/json', 'application/x-www-form-urlencoded'],
  answerWithinMs: 3_000,
  // Three attempts over six minutes.
  retrySpanSeconds: 3_600,
  options: {},
  reads: () => [signatureHeader, timestampHeader],
  secretFault: lengthFault,
  checkHeaders: (headers, { nowSeconds }) =>
    headers.get(signatureHeader) === undefined
      ? 'missing-signature'
      : timestampFault(headers.get(timestampHeader), nowSeconds),
  verify: ({ headers, body }, { secrets }) => {
    const signature = headers.get(signatureHeader) ?? '';
    const timestamp = headers.get(timestampHeader);
    const expected = secrets.map((secret) => `v0=${hmacOf(secret, [`v0:${timestamp}:`, body])}`);
    return isAnyEqual(expected, [signature]) ? null : 'no-matching-signature';
  },
  challenge: ({ value }) => {
    const challenge = textAt(value, 'challenge');
    return textAt(value, 'type') === 'url_verification' && challenge !== null ? { challenge } : null;
  },
  id: (hook) => textAt(bodyOf(hook), 'event_id') ?? textAt(bodyOf(hook), 'trigger_id'),
  type: (hook) => {
    const body = bodyOf(hook);
    if (textAt(body, 'command') !== null) return 'command';
    return textAt(body, 'event', 'type') ?? textAt(body, 'type');
  },
  orderingKey: (hook) => {
    const body = bodyOf(hook);
    const team = textAt(body, 'team_id') ?? textAt(body, 'team', 'id');
    const channel =
      textAt(body, 'event', 'channel') ?? textAt(body, 'channel_id') ?? textAt(body, 'channel', 'id');
    return team === null ? channel : channel === null ? team : `${team}/${channel}`;
  },
};
