import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

/** Records of a name. A name without any record answers NODATA; a name without an entry, NXDOMAIN. */
export type DnsAnswer = Readonly<{
  a?: readonly string[];
  /** In full or short form. */
  aaaa?: readonly string[];
  /** Alias of the name, resolved in the same zone and included in the same answer, as a resolver does. */
  cname?: string;
  /** Time to live in seconds; default 0. */
  ttlSeconds?: number;
  rcode?: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED';
  /** Delay of the answer in milliseconds. */
  delayMs?: number;
  /** Sends no answer. */
  isSilent?: boolean;
}>;

/** One question. `count` is the number of earlier questions of this name and type. */
export type DnsQuestion = Readonly<{ name: string; type: 'A' | 'AAAA' | 'other'; count: number }>;

/** The zone: an answer for each name (lower case), or a function that returns one, for answers that change. */
export type DnsZone = Record<string, DnsAnswer | ((question: DnsQuestion) => DnsAnswer)>;

/** A name server on loopback. */
export type DnsServer = Readonly<{
  /** `address:port`, as `setServers` of node:dns requires. */
  address: string;
  questions: readonly DnsQuestion[];
  zone: DnsZone;
  close: () => Promise<void>;
}>;

const typeNames: Readonly<Record<number, 'A' | 'AAAA'>> = { 1: 'A', 28: 'AAAA' };
const responseCodes = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const maxAliases = 32;

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let offset = 12;
  for (let length = message.readUInt8(offset); length > 0; length = message.readUInt8(offset)) {
    labels.push(message.toString('latin1', offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(offset + 1), end: offset + 5 };
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.of(0)]);
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser writes every form, even one with a dotted tail, as groups of hexadecimal digits.
  const [head = '', tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail ?? '')];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function record(name: string, type: number, { data, ttl }: Readonly<{ data: Buffer; ttl: number }>): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(name), fixed, data]);
}

function recordsOf(name: string, type: number, answer: DnsAnswer): Buffer[] {
  const ttl = answer.ttlSeconds ?? 0;
  if (type === 1) {
    return (answer.a ?? []).map((address) =>
      record(name, type, { data: Buffer.from(address.split('.').map(Number)), ttl }),
    );
  }
  if (type === 28) {
    return (answer.aaaa ?? []).map((address) => record(name, type, { data: ipv6Bytes(address), ttl }));
  }
  return [];
}

/** Encodes the answer to a question, with the aliases that lead to it, resolved by `follow`. */
function encodeReply(message: Buffer, first: DnsAnswer, follow: (alias: string) => DnsAnswer): Buffer {
  const { name, type, end } = readQuestion(message);
  const records: Buffer[] = [];
  let owner = name;
  let answer = first;
  for (let hops = 0; answer.cname !== undefined && hops < maxAliases; hops += 1) {
    records.push(record(owner, 5, { data: nameBytes(answer.cname), ttl: answer.ttlSeconds ?? 0 }));
    owner = answer.cname;
    answer = follow(owner);
  }
  records.push(...recordsOf(owner, type, answer));
  const header = Buffer.alloc(12);
  message.copy(header, 0, 0, 2);
  const code = answer.rcode === undefined ? 0 : responseCodes[answer.rcode];
  // An answer, recursion desired and available.
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, message.subarray(12, end), ...records]);
}

/** Starts a name server on a free UDP port of 127.0.0.1. It answers from its zone and forwards nothing. */
export async function startDnsServer(
  zone: DnsZone = {},
  cleanUp?: (close: () => Promise<void>) => void,
): Promise<DnsServer> {
  const socket: Socket = createSocket('udp4');
  const questions: DnsQuestion[] = [];
  const timers = new Set<NodeJS.Timeout>();

  const lookUp = (name: string, typeName: DnsQuestion['type']): DnsAnswer => {
    const count = questions.filter((queried) => queried.name === name && queried.type === typeName).length;
    const question: DnsQuestion = { name, type: typeName, count };
    questions.push(question);
    const entry = zone[name];
    if (entry === undefined) return { rcode: 'NXDOMAIN' };
    return typeof entry === 'function' ? entry(question) : entry;
  };

  const onMessage = (message: Buffer, from: RemoteInfo) => {
    const { name, type } = readQuestion(message);
    const typeName = typeNames[type] ?? 'other';
    const first = lookUp(name, typeName);
    if (first.isSilent === true) return;
    const reply = encodeReply(message, first, (alias) => lookUp(alias, typeName));
    const timer = setTimeout(() => {
      timers.delete(timer);
      socket.send(reply, from.port, from.address);
    }, first.delayMs ?? 0);
    timers.add(timer);
  };

  socket.on('message', onMessage);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  const { port } = socket.address() as AddressInfo;
  const close = async () => {
    for (const timer of timers) clearTimeout(timer);
    await new Promise<void>((resolve) => {
      socket.close(() => resolve());
    });
  };
  cleanUp?.(close);
  return { address: `127.0.0.1:${port}`, questions, zone, close };
}
