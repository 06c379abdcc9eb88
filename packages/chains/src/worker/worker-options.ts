import { appNamePattern, noticeStyles, noticeUrlFault, workspaceIdPattern } from '@tidings/contracts';
import { type KafkaSasl, type KafkaTls, saslMechanisms } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import type { Registry } from 'prom-client';
import type { AlertTarget, FailedRun } from '../alert.ts';
import { refuse } from '../handlers/refuse.ts';

/** Options of a worker. */
export type WorkerOptions = Readonly<{
  /** Kafka brokers, each `host:port`. */
  brokers: readonly string[];
  /** TLS to the brokers: `{ ca: 'ca.pem' }`, files in PEM that are read for each connection; `{}` trusts what Node does. Default: none. */
  tls?: KafkaTls;
  /** User of the application at the brokers, by a password or by tokens of an identity provider. Default: none. */
  sasl?: KafkaSasl;
  /** Name of the application: lower-case letters, digits and '-'. Every process of it uses the same. */
  app: string;
  /** Workspaces whose events start runs. Default: all of them. */
  workspaces?: readonly string[];
  /** Called once the failed state of a run is acknowledged: not if the process dies in that moment. A rejection is logged. */
  onRunFailed?: (run: FailedRun) => void | Promise<void>;
  /** Told of each failed run, best effort: three tries. */
  alerts?: readonly AlertTarget[];
  /** Copies of each record of the application's topics, when the worker creates them. Default: as many as there are brokers, at most 3. */
  replicationFactor?: number;
  /** Seconds that attempts under way have to end when the worker stops. Default 30. */
  drain?: number;
  /** Stops at SIGTERM and SIGINT. Default true. */
  signals?: boolean;
  /** Default: JSON lines on standard output. `createLogger({ service, level })` makes another one. */
  logger?: Logger;
  /** Registry of prom-client that gets the metrics. Default: a new one; see `Worker.metrics`. */
  registry?: Registry;
}>;

const known: readonly (keyof WorkerOptions)[] = [
  'brokers',
  'tls',
  'sasl',
  'app',
  'workspaces',
  'onRunFailed',
  'alerts',
  'replicationFactor',
  'drain',
  'signals',
  'logger',
  'registry',
];

const tlsFields = ['ca', 'cert', 'key', 'keyPassword', 'serverName'];
const passwordFields = ['mechanism', 'username', 'password'];
const tokenFields = ['mechanism', 'tokenUrl', 'clientId', 'clientSecret', 'scope'];

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const checkSecurity = ({ tls = {}, sasl }: WorkerOptions): void => {
  for (const [name, value] of Object.entries(tls)) {
    if (!tlsFields.includes(name)) refuse(`tls has no '${name}': it has ${tlsFields.join(', ')}`);
    if (value !== undefined && !isText(value)) refuse(`tls.${name} must be a text, got ${typeof value}`);
  }
  if ((tls.cert === undefined) !== (tls.key === undefined))
    refuse('tls.cert and tls.key must both be given, or neither');
  if (sasl === undefined) return;
  if (!saslMechanisms.includes(sasl.mechanism))
    refuse(`sasl.mechanism must be one of ${saslMechanisms.join(', ')}, got '${String(sasl.mechanism)}'`);
  const fields = sasl.mechanism === 'OAUTHBEARER' ? tokenFields : passwordFields;
  const given = new Map(Object.entries(sasl));
  const extra = [...given.keys()].find((name) => !fields.includes(name));
  if (extra !== undefined)
    refuse(`sasl with ${sasl.mechanism} has no '${extra}': it has ${fields.join(', ')}`);
  const missing = fields.find((name) => name !== 'scope' && !isText(given.get(name)));
  if (missing !== undefined) refuse(`sasl with ${sasl.mechanism} needs '${missing}'`);
};

/** Throws AppError `config-invalid` for options that are out of bounds or unknown. */
export const checkOptions = (options: WorkerOptions): void => {
  const unknown = Object.keys(options).find((key) => !known.some((name) => name === key));
  if (unknown !== undefined)
    refuse(`a worker has no option '${unknown}': the options are ${known.join(', ')}`);
  const { brokers, app, workspaces = [], drain = 30, alerts = [], replicationFactor = 1 } = options;
  if (!Array.isArray(brokers) || brokers.length === 0)
    refuse(`brokers must be a list such as ['127.0.0.1:9092'], got ${JSON.stringify(brokers)}`);
  if (!new RegExp(appNamePattern).test(app))
    refuse(`app must be 1 to 40 lower-case letters, digits or '-', beginning with a letter, got '${app}'`);
  checkSecurity(options);
  const odd = workspaces.find((id) => !new RegExp(workspaceIdPattern).test(id));
  if (odd !== undefined) refuse(`workspaces must have ids of workspaces, got '${odd}'`);
  if (!(drain >= 0 && drain <= 3_600)) refuse(`drain must be 0 to 3,600 seconds, got ${drain}`);
  if (!Number.isInteger(replicationFactor) || replicationFactor < 1)
    refuse(`replicationFactor must be an integer from 1 on, got ${replicationFactor}`);
  for (const alert of alerts) checkAlert(alert);
};

/** Throws AppError `config-invalid` for an alert that cannot be sent. No text has its URL, which may be a credential. */
const checkAlert = ({ url, style }: AlertTarget): void => {
  if (!URL.canParse(url) || !noticeStyles.includes(style))
    refuse(`an alert needs a url and a style of ${noticeStyles.join(', ')}, got style '${String(style)}'`);
  const { protocol, username, password } = new URL(url);
  if (!/^https?:$/.test(protocol)) refuse(`the url of an alert must be http or https, got ${protocol}`);
  // `fetch` refuses it as well, and its error has the whole URL.
  if (username !== '' || password !== '') refuse('the url of an alert must not have a user or a password');
  const fault = noticeUrlFault(url, style);
  if (fault !== null) refuse(`the url of an alert ${fault}`);
};
