/** Limits of the image of a portal: `maxBytes` of the file, `maxSide` in pixels. */
export const logoLimits = { maxBytes: 16 * 1_024, maxSide: 1_024 } as const;

/** Maximum length of the data: URL. */
export const maxLogoCharacters = 40 + Math.ceil(logoLimits.maxBytes / 3) * 4;

type Size = Readonly<{ width: number; height: number }>;
type Reader = (bytes: Buffer) => Size | null;

/**
 * Returns why a text cannot be the image of a portal, or null if it can: a data: URL of a PNG, JPEG or WebP file. No SVG:
 * it is a document that can contain scripts, and whoever copies the URL out of the API may open it as one. The size in
 * pixels is limited too, since a small file can decode to gigabytes in the browser of a partner.
 */
export function logoFault(text: string): string | null {
  const found = /^data:(image\/(?:png|jpeg|webp));base64,([A-Za-z0-9+/]+={0,2})$/.exec(text);
  if (found === null) {
    return `must be a data: URL such as 'data:image/png;base64,…' of a PNG, JPEG or WebP file, got '${text.slice(0, 40)}'`;
  }
  const [, type = '', base64 = ''] = found;
  const bytes = Buffer.from(base64, 'base64');
  const { maxBytes, maxSide } = logoLimits;
  if (bytes.length > maxBytes) return `must have at most ${maxBytes} bytes, got ${bytes.length}`;
  const size = readers[type]?.(bytes) ?? null;
  if (size === null) return `must be a file of the type that it names, ${type}, and not animated`;
  const { width, height } = size;
  if (width < 1 || height < 1 || width > maxSide || height > maxSide) {
    return `must have 1 to ${maxSide} pixels in width and height, got ${width} × ${height}`;
  }
  return null;
}

// PNG, third edition, sections 5.2 and 11.2.1. An `acTL` chunk makes it an animation.
const readPng: Reader = (bytes) => {
  const begins = bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'));
  if (!begins || bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR') return null;
  if (bytes.includes('acTL')) return null;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
};

// ITU-T T.81, annex B: segments up to the frame header (SOF0 to SOF15, without DHT, JPG and DAC).
const readJpeg: Reader = (bytes) => {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  for (let at = 2; at + 9 <= bytes.length; ) {
    const marker = bytes.readUInt16BE(at);
    if (marker < 0xff01) return null;
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
};

// RFC 9649: simple lossy, simple lossless, and extended; bit 1 of the extended flags is an animation.
const readWebp: Reader = (bytes) => {
  if (bytes.length < 30 || bytes.toString('latin1', 0, 4) !== 'RIFF') return null;
  const form = bytes.toString('latin1', 8, 16);
  if (form === 'WEBPVP8 ') {
    return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  }
  if (form === 'WEBPVP8L') {
    const bits = bytes.readUInt32LE(21);
    return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
  }
  if (form !== 'WEBPVP8X' || ((bytes[20] ?? 0) & 0x02) !== 0) return null;
  return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
};

const readers: Readonly<Record<string, Reader>> = {
  'image/png': readPng,
  'image/jpeg': readJpeg,
  'image/webp': readWebp,
};
