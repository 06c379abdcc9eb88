import { catalogue } from '../../texts/index.ts';

/** Instructions to connect a provider. `where`: where the URL is entered; `secret`: where it comes from. */
type ProviderGuide = Readonly<{ label: string; where: string; secret: string }>;

/** The providers by name, in the order in which the form offers them. */
export const providerGuides = catalogue({
  en: {
    github: {
      label: 'GitHub',
      where: 'Settings → Webhooks → Add webhook → Payload URL, with the content type application/json.',
      secret: 'Choose one, and enter the same at GitHub under “Secret”.',
    },
    stripe: {
      label: 'Stripe',
      where: 'Developers → Webhooks → Add endpoint → Endpoint URL.',
      secret: 'The signing secret of the endpoint, whsec_…; Stripe shows it once the endpoint exists.',
    },
    gitlab: {
      label: 'GitLab',
      where: 'Settings → Webhooks → Add new webhook → URL.',
      secret: 'The secret token that you enter there, or the signing token, whsec_….',
    },
    bitbucket: {
      label: 'Bitbucket Cloud',
      where: 'Repository settings → Webhooks → Add webhook → URL.',
      secret: 'Choose one, and enter the same under “Secret”.',
    },
    shopify: {
      label: 'Shopify',
      where: 'In the configuration of the app, or by the API as the address of a webhook subscription.',
      secret: 'The client secret of the app.',
    },
    slack: {
      label: 'Slack',
      where: 'Event Subscriptions → Request URL. Slack checks it at once, so create the source first.',
      secret: 'Basic Information → Signing Secret.',
    },
    sendgrid: {
      label: 'SendGrid',
      where: 'Settings → Mail Settings → Event Webhook → Post URL, with signature verification.',
      secret: 'The verification key that SendGrid shows; it is public.',
    },
    twilio: {
      label: 'Twilio',
      where: 'The webhook or status callback URL of the number, service or sink.',
      secret: 'The auth token of the account.',
    },
    'standard-webhooks': {
      label: 'Standard Webhooks (OpenAI, Clerk, Resend, Supabase, Svix …)',
      where: 'The webhook endpoint in the settings of the sender.',
      secret: 'The signing secret, whsec_…, or the public key, whpk_….',
    },
    cloudevents: {
      label: 'CloudEvents',
      where: 'The sink of the sender, with the header Authorization: Bearer and the secret.',
      secret: 'Any, of 8 to 512 characters.',
    },
    'generic-hmac': {
      label: 'Any sender with an HMAC',
      where: 'The webhook URL in the settings of the sender.',
      secret: 'The key of the HMAC, of 8 to 512 characters.',
    },
    'generic-token': {
      label: 'Any sender with a token or password',
      where: 'The webhook URL in the settings of the sender.',
      secret: 'The token, or user:password for Basic.',
    },
  } satisfies Readonly<Record<string, ProviderGuide>>,
});

/** The name of a provider in the API. */
export type ProviderName = keyof typeof providerGuides;

/** The names of the providers. */
export const providerNames = Object.keys(providerGuides) as readonly ProviderName[];

/** Returns the label of a provider; its name if this release of the console does not know it. */
export const providerLabel = (name: string): string =>
  Object.hasOwn(providerGuides, name) ? providerGuides[name as ProviderName].label : name;

/** An option of a provider: its name in the API, and its values, if they are few. */
export type OptionField = Readonly<{ name: string; choices?: readonly string[]; isNumber?: true }>;

const locators: readonly OptionField[] = [{ name: 'id' }, { name: 'type' }, { name: 'ordering_key' }];

/** The options of the providers that have any. */
export const optionFields: Readonly<Partial<Record<ProviderName, readonly OptionField[]>>> = {
  twilio: [{ name: 'public_url' }],
  sendgrid: [{ name: 'tolerance_seconds', isNumber: true }],
  shopify: [{ name: 'tolerance_seconds', isNumber: true }],
  'standard-webhooks': [{ name: 'ordering_key' }],
  'generic-hmac': [
    { name: 'header' },
    { name: 'format', choices: ['value', 'timed-list'] },
    { name: 'algorithm', choices: ['sha256', 'sha512', 'sha1'] },
    { name: 'encoding', choices: ['hex', 'base64'] },
    { name: 'prefix' },
    { name: 'timestamp_header' },
    { name: 'tolerance_seconds', isNumber: true },
    ...locators,
  ],
  'generic-token': [
    { name: 'header' },
    { name: 'scheme', choices: ['bearer', 'basic', 'plain'] },
    ...locators,
  ],
};
