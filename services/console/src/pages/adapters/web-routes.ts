import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@tidings/runtime';
import type { Express, Request } from 'express';
import type { WebFile } from './web-files.ts';

/** `read` returns the files of the application; `portalOrigins`: the origins whose pages may frame the portal. */
export type WebRouteParts = Readonly<{
  read: () => ReadonlyMap<string, WebFile>;
  portalOrigins: readonly string[];
}>;

/**
 * Mounts the browser application: hashed files under /assets, and its two pages. A page is returned for every path that
 * a browser opens as a document, since paths within the application are the application's own.
 */
export function mountWebRoutes(app: Express, { read, portalOrigins }: WebRouteParts): void {
  let files: ReadonlyMap<string, WebFile> = new Map();
  const find = (path: string): WebFile | undefined => {
    // A service that has started before the first build finds its files later.
    if (files.size === 0) files = read();
    return files.get(path);
  };
  app.use((request, response, next) => {
    if (!isReadOfPage(request)) return next();
    const asset = find(request.path);
    if (asset?.isHashed === true) return sendFile(request, response, asset);
    const isPage = ['/', '/portal'].includes(request.path) || isForDocument(request);
    if (!isPage) return next();
    const isPortal = request.path === '/portal' || request.path.startsWith('/portal/');
    const page = find(isPortal ? '/portal.html' : '/index.html');
    if (page === undefined) throw notBuilt();
    response.setHeader('content-security-policy', policyOf(isPortal ? portalOrigins : []));
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()');
    return sendFile(request, response, page);
  });
}

const isReadOfPage = ({ method, path }: Request): boolean =>
  (method === 'GET' || method === 'HEAD') && !/^\/(v1|session)(\/|$)/.test(path);

const isForDocument = ({ headers }: IncomingMessage): boolean =>
  headers['sec-fetch-dest'] === 'document' ||
  headers['sec-fetch-dest'] === 'iframe' ||
  (headers['sec-fetch-dest'] === undefined && headers.accept?.includes('text/html') === true);

// Scripts, styles and requests of this origin only, and no HTML from text, not even by a fault of the application.
const policyOf = (frameAncestors: readonly string[]): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ')}`,
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

function notBuilt(): AppError {
  const message = 'The console has not been built: run `npm run build` in the repository, then reload.';
  return new AppError({ code: 'unavailable', message, isPublic: true });
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: WebFile): void {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = (['br', 'gzip'] as const).find(
    (name) => accepts(accepted, name) && file.encodings.has(name),
  );
  const body = file.encodings.get(encoding ?? 'identity');
  response.setHeader('content-type', file.type);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('vary', 'accept-encoding');
  response.setHeader('cache-control', file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (encoding !== undefined) response.setHeader('content-encoding', encoding);
  response.setHeader('content-length', body?.length ?? 0);
  response.end(request.method === 'HEAD' ? undefined : body);
}

const accepts = (accepted: string, name: string): boolean =>
  accepted.split(',').some((part) => {
    const [coding = '', ...parameters] = part.trim().split(';');
    return coding.trim() === name && !parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter));
  });
