import { catalogue } from '../../texts/index.ts';
import type { reasons } from './source-filters.ts';

type Words = Readonly<{ what: string; todo: string }>;

const words = catalogue({
  en: {
    'no-matching-signature': {
      what: 'The signature fits no secret',
      todo: 'Compare the secret with that of the provider, and rotate it here if it differs. A proxy in front must not change the body.',
    },
    'missing-signature': {
      what: 'There was no signature',
      todo: 'Enter the secret at the provider: without one it does not sign. If it has one, the request was not the provider’s.',
    },
    'malformed-signature': {
      what: 'The signature has another form',
      todo: 'Check that the source has the right provider, and the options of its header.',
    },
    'repeated-header': {
      what: 'A header was given twice',
      todo: 'A proxy adds a header that the provider sends too: let it pass on the provider’s.',
    },
    'timestamp-out-of-range': {
      what: 'The time was too far from now',
      todo: 'Set the clock of this machine. If it is right, somebody sent an old request again.',
    },
    'malformed-timestamp': {
      what: 'The time was missing or no number',
      todo: 'Check that the source has the right provider, and the option for the header of the time.',
    },
    'content-type': {
      what: 'Another content type, or compressed',
      todo: 'Choose JSON at the provider, and let no proxy compress the body.',
    },
    'too-large': {
      what: 'The body was too large',
      todo: 'Choose fewer or smaller events at the provider.',
    },
    incomplete: {
      what: 'The body ended early',
      todo: 'The connection broke: a proxy may have a limit of size or time.',
    },
    empty: { what: 'A list without items', todo: 'Nothing: it had no events.' },
    overloaded: {
      what: 'Too many bodies at once',
      todo: 'The provider sends again. If it goes on, somebody floods the URL, or another instance of ingress is needed.',
    },
    unavailable: {
      what: 'Tidings could not store it in time',
      todo: 'Check the brokers. GitHub and GitLab do not send again by themselves: redeliver from there.',
    },
  } satisfies Readonly<Record<(typeof reasons)[number], Words>>,
});

/** Returns a refusal in words, and what to do about it; the name of a reason that this release does not know. */
export const refusalWords = (reason: string): Words =>
  Object.hasOwn(words, reason) ? words[reason as keyof typeof words] : { what: reason, todo: '' };
