import type { IncomingMessage } from 'node:http';
import { type FormRefusal, formRefusal } from './malformed-request.ts';

/** Maximum number of header fields in a request. */
const maxFields = 1_000;

// Fields that are not lists: RFC 9110 section 5.3 allows one line of each, and every proxy on the way might select a
// different one of two. If-Match is a list, so its lines are joined as the RFC specifies.
const singletons: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'content-type',
  'content-length',
  'idempotency-key',
  'origin',
]);

// RFC 3986 section 3.2.2: a name or an IPv4 address, or an IPv6 address in brackets; then an optional port.
const hostPattern = /^(?:[\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(?::\d*)?$/i;

// RFC 9112 section 3.2.1, and the asterisk of OPTIONS. Node's parser also accepts white space and fragments.
const targetPattern = /^(?:\/[^#\s]*|\*)$/;

/**
 * Returns the refusal of a request whose head RFC 9112 and RFC 9110 forbid, undefined for any other. Every server of
 * Tidings uses this check, so they all refuse the same requests for their form.
 */
export function checkHead(request: IncomingMessage): FormRefusal | undefined {
  return checkVersion(request) ?? checkFields(request) ?? checkFraming(request) ?? checkTarget(request);
}

function checkVersion({ httpVersion }: IncomingMessage): FormRefusal | undefined {
  if (httpVersion === '1.1' || httpVersion === '1.0') return undefined;
  return formRefusal(505, `HTTP/${httpVersion} is not spoken here: use HTTP/1.1.`);
}

function checkFields(request: IncomingMessage): FormRefusal | undefined {
  const { rawHeaders } = request;
  if (rawHeaders.length > 2 * maxFields) {
    const count = rawHeaders.length / 2;
    return formRefusal(431, `A request may have at most ${maxFields} header fields, got ${count}.`);
  }
  const sent = rawHeaders.filter((text, at) => at % 2 === 0 && singletons.has(text.toLowerCase()));
  const names = sent.map((name) => name.toLowerCase());
  const repeated = names.find((name, at) => names.indexOf(name) < at);
  if (repeated === undefined) return checkHost(request);
  const count = names.filter((name) => name === repeated).length;
  return formRefusal(400, `${sent[names.indexOf(repeated)]} must be sent once, got ${count}.`);
}

function checkHost({ headers: { host }, httpVersion }: IncomingMessage): FormRefusal | undefined {
  if (host === undefined) {
    return httpVersion === '1.0' ? undefined : formRefusal(400, 'The header Host is missing: send it once.');
  }
  if (hostPattern.test(host)) return undefined;
  return formRefusal(400, `Host must be a name or an address, and perhaps a port, got '${shown(host)}'.`);
}

function checkFraming({ headers, httpVersion }: IncomingMessage): FormRefusal | undefined {
  const { expect, 'transfer-encoding': encoding } = headers;
  if (encoding !== undefined) {
    if (httpVersion === '1.0') {
      const detail = 'HTTP/1.0 has no Transfer-Encoding: send Content-Length, or use HTTP/1.1.';
      return { ...formRefusal(400, detail), isUnframed: true };
    }
    if (encoding.toLowerCase() !== 'chunked') {
      const detail = `The only supported Transfer-Encoding is chunked, got '${shown(encoding)}'.`;
      return { ...formRefusal(501, detail), isUnframed: true };
    }
  }
  // HTTP/1.0 has no expectations: the field is ignored there (RFC 9110 section 10.1.1).
  if (expect === undefined || httpVersion === '1.0' || expect.toLowerCase() === '100-continue')
    return undefined;
  return formRefusal(417, `The only supported expectation is 100-continue, got '${shown(expect)}'.`);
}

function checkTarget({ url = '', method }: IncomingMessage): FormRefusal | undefined {
  if (targetPattern.test(url) && (url !== '*' || method === 'OPTIONS')) return undefined;
  return formRefusal(400, `The request target must be a path, or an http URL, got '${shown(url)}'.`);
}

const shown = (text: string): string => text.slice(0, 80);
