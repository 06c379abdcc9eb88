import { InboundHeaders, providers, type SourceOptions } from '@tidings/inbound/tools';
import { type CommandSpec, type Given, jsonOf, secondsOf, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { readTime } from '../input/read-time.ts';
import { readBodyFile, readHeaders, readSecrets } from '../input/read-webhook.ts';
import { explainSignature } from '../signatures/explain-signature.ts';
import { signsOf } from '../signatures/scheme.ts';

type Answer = Readonly<{ valid: boolean; detail: string; findings: readonly Readonly<{ detail: string }>[] }>;

/** tidings verify */
export const verifyCommand: CommandSpec = {
  name: 'verify',
  description: 'check the signature of a webhook offline and say what is wrong',
  args: [
    {
      name: 'body',
      description: 'file with the body as it was received; - for standard input (default)',
      optional: true,
    },
  ],
  options: [
    {
      flags: '--header <header>',
      description: "a header that was received, 'Name: value'; repeatable",
      many: true,
    },
    {
      flags: '--headers-file <file>',
      description:
        "the headers that were received: lines 'Name: value', also as curl -v shows them, or a JSON object",
    },
    {
      flags: '--secret <secret>',
      description:
        'whsec_…, whpk_…, or the text of a provider; @FILE reads it; repeatable (default: $TIDINGS_WEBHOOK_SECRET)',
      many: true,
    },
    { flags: '--provider <name>', description: 'whose signature it is (default: by the headers)' },
    { flags: '--options <json>', description: 'options of the source, for generic-hmac and generic-token' },
    { flags: '--sent-to <url>', description: 'URL that the sender used, which Twilio signs' },
    {
      flags: '--tolerance <duration>',
      description: 'limit for the age of the time (default: 300s, as receivers have it)',
    },
    { flags: '--at <time>', description: 'the time when it was received (default: now)' },
  ],
  examples: [
    'verify body.json --headers-file headers.txt --secret @secret.txt',
    "verify body.json --header 'X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' --secret @github.txt",
  ],
  view: { text: (body) => textOfAnswer(body as Answer) },
  runOffline: verify,
  failsWhen: (body) => ((body as Answer).valid ? null : 'The signature is not valid.'),
};

const textOfAnswer = ({ valid, detail, findings }: Answer): string =>
  valid ? detail : findings.map((finding) => finding.detail).join('\n');

async function verify(given: Given): Promise<Answer> {
  const rawHeaders = await readHeaders(given);
  const headers = new InboundHeaders(rawHeaders);
  const name = textOf(given, 'provider') ?? signsOf(headers)[0]?.provider ?? 'standard-webhooks';
  const provider = providers.get(name);
  if (provider === undefined) {
    const known = [...providers.keys()].join(', ');
    throw new CommandFailed(exitCodes.usage, `--provider must be one of ${known}, got '${name}'.`);
  }
  const at = textOf(given, 'at');
  const { findings, valid, header, secret, ageSeconds } = explainSignature({
    ...{ provider, headers, rawHeaders },
    body: await readBodyFile(given),
    url: textOf(given, 'sentTo') ?? '',
    secrets: await readSecrets(given),
    options: ((await jsonOf(given, 'options')) ?? {}) as SourceOptions,
    nowSeconds: Math.floor((at === undefined ? Date.now() : Date.parse(readTime('--at', at))) / 1_000),
    toleranceSeconds: secondsOf(given, 'tolerance'),
    headersOf: (raw) => new InboundHeaders(raw),
  });
  const age = ageSeconds === null ? '' : `, signed ${ageSeconds} s ago`;
  const detail = valid
    ? `Valid: ${header} of ${name} matches secret ${secret}${age}.`
    : 'The signature is not valid.';
  return {
    valid,
    detail,
    ...{ provider: name, header, secret, age_seconds: ageSeconds },
    findings,
  } as Answer;
}
