import { requestsAt } from '../api/requests-at.ts';
import type { CommandSpec } from '../command.ts';
import { inWords, showRows } from '../output/show.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldsIn = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

const phaseNames = [
  ['dns', 'dns_ms'],
  ['connect', 'connect_ms'],
  ['tls', 'tls_ms'],
  ['first byte', 'first_byte_ms'],
  ['body', 'body_ms'],
  ['total', 'total_ms'],
] as const;

const phasesText = (phases: Fields): string =>
  phaseNames
    .filter(([, field]) => typeof phases[field] === 'number')
    .map(([name, field]) => `${name} ${String(phases[field])} ms`)
    .join(', ');

const nextText = ({ kind, at, reason }: Fields): string => {
  if (kind === 'retry') return `another attempt at ${inWords(at)}`;
  return kind === 'dead_letter' ? `dead letter: ${inWords(reason)}` : 'nothing';
};

const headerLines = (headers: unknown, omitted: unknown): string[] => {
  const lines = Object.entries(fieldsIn(headers)).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `    ${inWords(name)}: ${inWords(one)}`),
  );
  return omitted === 0 || omitted === undefined ? lines : [...lines, `    (${inWords(omitted)} more)`];
};

const bodyLines = (attempt: Fields): string[] => {
  if (attempt['response_body_withheld'] === true) return ['  body: compressed, not recorded'];
  const { response_body: body } = attempt;
  if (typeof body !== 'string' || body === '') return [];
  const notes = [
    ...(attempt['response_body_encoding'] === 'base64' ? ['base64'] : []),
    ...(attempt['response_body_truncated'] === true ? ['truncated'] : []),
  ];
  const heading = notes.length === 0 ? '  body' : `  body (${notes.join(', ')})`;
  return [heading, ...body.split(/\r?\n/).map((line) => `    ${inWords(line)}`)];
};

const detailLines = (attempt: Fields): string[] => {
  const { details } = attempt;
  if (details === 'dropped') return ['  headers: not kept, since many attempts followed'];
  if (details !== 'recorded') return ['  headers: not recorded'];
  const hasResponse = attempt['response_headers'] !== null;
  return [
    '  request',
    ...headerLines(attempt['request_headers'], attempt['request_headers_omitted']),
    hasResponse ? `  response ${inWords(attempt['status_code'])}` : '  no response',
    ...headerLines(attempt['response_headers'], attempt['response_headers_omitted']),
  ];
};

const attemptLines = (attempt: Fields): string[] => {
  const { reason, status_code: status, chain } = attempt;
  const result = [attempt['outcome'], reason, status].filter((one) => one !== null && one !== undefined);
  const number = `attempt ${inWords(attempt['attempt'])}${chain === 0 ? '' : ` of chain ${inWords(chain)}`}`;
  return [
    '',
    `${number} (${inWords(attempt['trigger'])}) at ${inWords(attempt['at'])}: ${result.map(inWords).join(', ')}`,
    ...(attempt['phases'] === null ? [] : [`  phases: ${phasesText(fieldsIn(attempt['phases']))}`]),
    `  next: ${nextText(fieldsIn(attempt['next']))}`,
    ...detailLines(attempt),
    ...bodyLines(attempt),
  ];
};

/** Formats a delivery with all that is recorded of its attempts. */
const deliveryText = (body: object): string => {
  const { attempts, attempts_truncated: isTruncated, ...summary } = body as Fields;
  const listed = Array.isArray(attempts) ? attempts : [];
  return [
    showRows(Object.entries(summary)),
    ...(isTruncated === true ? ['', 'Older attempts are not kept.'] : []),
    ...listed.flatMap((attempt) => attemptLines(fieldsIn(attempt))),
  ].join('\n');
};

/** tidings deliveries show */
export const showDelivery: CommandSpec = {
  name: 'deliveries show',
  description: 'show a delivery with the requests and responses of its attempts',
  args: [{ name: 'id', description: 'id of the delivery, dlv_…' }],
  examples: ['deliveries show dlv_2c26b46b68ffc68ff99b453c1d304134'],
  view: { text: deliveryText },
  request: requestsAt('/v1/webhooks/deliveries').get(),
};
