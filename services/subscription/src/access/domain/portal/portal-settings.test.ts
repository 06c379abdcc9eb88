import { describe, expect, it } from 'vitest';
import { logoFault, logoLimits } from './logo.ts';
import { portalFaults, portalSettings } from './portal-settings.ts';
import { portalUrl } from './portal-url.ts';

const dataUrl = (type: string, bytes: Buffer): string =>
  `data:image/${type};base64,${bytes.toString('base64')}`;

function aPng(width: number, height: number, chunk = 'IDAT'): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write('89504e470d0a1a0a', 0, 'hex');
  bytes.write('IHDR', 12, 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  bytes.write(chunk, 40, 'latin1');
  return bytes;
}

const aJpeg = (width: number, height: number): Buffer => {
  const frame = Buffer.from('ffc0001108', 'hex');
  const size = Buffer.alloc(12);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  return Buffer.concat([Buffer.from('ffd8ffe000044a46', 'hex'), frame, size]);
};

function aWebp(form: string, flags = 0): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.write('RIFF', 0, 'latin1');
  bytes.write(`WEBP${form}`, 8, 'latin1');
  bytes[20] = flags;
  if (form === 'VP8 ') bytes.writeUInt16LE(48, 26);
  if (form === 'VP8 ') bytes.writeUInt16LE(24, 28);
  return bytes;
}

describe('the image of a portal', () => {
  it.each([
    ['png', aPng(48, 24)],
    ['jpeg', aJpeg(48, 24)],
    ['webp', aWebp('VP8 ')],
    ['webp', aWebp('VP8L')],
    ['webp', aWebp('VP8X')],
  ])('can be %s', (type, bytes) => {
    expect(logoFault(dataUrl(type, bytes))).toBeNull();
  });

  it.each([
    ['an SVG', 'data:image/svg+xml;base64,PHN2Zy8+', /data: URL/],
    ['HTML', 'data:text/html;base64,PHN2Zy8+', /data: URL/],
    ['an address', 'https://evil.example/track.png', /data: URL/],
    ['a second URL', `${dataUrl('png', aPng(1, 1))}") url("https://evil.example`, /data: URL/],
    ['a PNG that is said to be a JPEG', dataUrl('jpeg', aPng(1, 1)), /of the type/],
    ['HTML that is said to be a PNG', dataUrl('png', Buffer.from('<script>'.repeat(9))), /of the type/],
    ['an animated PNG', dataUrl('png', aPng(48, 24, 'acTL')), /not animated/],
    ['an animated WebP', dataUrl('webp', aWebp('VP8X', 0x02)), /not animated/],
    ['more pixels than a browser should hold', dataUrl('png', aPng(60_000, 60_000)), /1 to 1024 pixels/],
    ['no pixels', dataUrl('png', aPng(0, 1)), /1 to 1024 pixels/],
    [
      'too many bytes',
      dataUrl('png', Buffer.concat([aPng(1, 1), Buffer.alloc(logoLimits.maxBytes)])),
      /at most 16384/,
    ],
    [
      'a JPEG without a frame',
      dataUrl('jpeg', Buffer.from('ffd8ffd90000000000000000', 'hex')),
      /of the type/,
    ],
  ])('cannot be %s', (_, text, problem) => {
    expect(logoFault(text)).toMatch(problem);
  });
});

describe('the addresses of a portal', () => {
  const pointers = (body: object) => portalFaults(portalSettings(body)).map(({ pointer }) => pointer);

  it.each([
    'https://app.example.com/webhooks?tab=1',
    'http://localhost:3000/webhooks',
    'http://127.0.0.1:3000',
  ])('can lead back to %s', (refresh_url) => expect(pointers({ refresh_url })).toEqual([]));

  it.each([
    'javascript:alert(1)',
    'http://app.example.com/',
    'https://user:secret@app.example.com/',
    'https://app.example.com/#token=1',
    'https://app.example.com\\@evil.example/',
    '//app.example.com',
    'data:text/html,x',
  ])('cannot lead back to %s', (refresh_url) =>
    expect(pointers({ refresh_url })).toEqual(['/portal/refresh_url']),
  );

  it('are origins, without a path or a wildcard', () => {
    const origins = [
      'https://app.example.com',
      'http://localhost:3000',
      'https://*.example.com',
      'https://a.example/x',
      'null',
    ];
    expect(pointers({ origins })).toEqual(['/portal/origins/2', '/portal/origins/3', '/portal/origins/4']);
  });
});

describe('the URL of a link', () => {
  const base = 'https://hooks.example/portal';
  it.each([
    ['/', 'https://hooks.example/portal#token=t.o.k'],
    ['/deliveries?status=failed', 'https://hooks.example/portal/deliveries?status=failed#token=t.o.k'],
    ['/@evil.example', 'https://hooks.example/portal/@evil.example#token=t.o.k'],
    ['/../deliveries', null],
    ['/%2e%2e/deliveries', null],
    ['/..', null],
  ])('with the path %s is %s', (path, url) => expect(portalUrl(base, path, 't.o.k')).toBe(url));
});
