import type { Provider } from './provider.ts';
import { bitbucket } from './providers/bitbucket.ts';
import { cloudevents } from './providers/cloudevents.ts';
import { genericHmac } from './providers/generic-hmac.ts';
import { genericToken } from './providers/generic-token.ts';
import { github } from './providers/github.ts';
import { gitlab } from './providers/gitlab.ts';
import { sendgrid } from './providers/sendgrid.ts';
import { shopify } from './providers/shopify.ts';
import { slack } from './providers/slack.ts';
import { standardWebhooks } from './providers/standard-webhooks.ts';
import { stripe } from './providers/stripe.ts';
import { twilio } from './providers/twilio.ts';

/** All providers, by name. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [
    ...[stripe, sendgrid, github, gitlab, bitbucket, shopify, slack, twilio],
    ...[standardWebhooks, cloudevents, genericHmac, genericToken],
  ].map((provider) => [provider.name, provider]),
);
