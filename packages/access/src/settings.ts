import { integer } from '@tidings/runtime';

/** Settings of the services that check keys. */
export const accessSettings = {
  wrongKeysPerMinute: integer({
    env: 'WRONG_KEYS_PER_MINUTE',
    default: 20,
    min: 1,
    max: 1_000,
    help: 'different wrong keys from one client address (IPv6: one /64) that an instance of a service checks in a minute; more are answered 429',
  }),
};
