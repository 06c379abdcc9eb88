import { type Finding, finding } from './finding.ts';
import type { Scheme } from './scheme.ts';
import type { SignedRequest } from './signed-request.ts';

/** Returns what is known when no form matches. */
export function unexplained({ headers, body, secrets, provider }: SignedRequest, scheme: Scheme): Finding {
  const encoding = headers.get('content-encoding');
  if (encoding !== undefined && encoding !== 'identity')
    return finding(
      'other-body',
      `The body was sent with Content-Encoding ${encoding}: the signature may be that of the other form.`,
    );
  const length = headers.get('content-length');
  const bytes = body.length;
  if (length !== undefined && Number(length) !== bytes)
    return finding(
      'changed-body',
      `The body has ${bytes} bytes, but Content-Length is ${length}: it was changed or cut after it was sent.`,
    );
  const what = secrets.length === 1 ? 'The secret' : `None of the ${secrets.length} secrets`;
  const begin = secrets.length === 1 ? `${what} does not match` : `${what} matches`;
  if (scheme.form === undefined && /token|authorization/.test(scheme.signature))
    return finding('wrong-secret', `${begin} the one in ${scheme.signature}.`);
  const url = provider.name === 'twilio' ? ' (or --sent-to is not the URL that Twilio has)' : '';
  if (length !== undefined)
    return finding(
      'wrong-secret',
      `${begin}${url}, and the body has the ${bytes} bytes of Content-Length: it is probably another secret.`,
    );
  const parts = scheme.others.length > 0 ? 'the body, the id or the time was' : 'the body was';
  return finding(
    'wrong-secret-or-body',
    `${begin}${url}: it is another secret, or ${parts} changed after it was signed (no usual form of the body matches).`,
  );
}
