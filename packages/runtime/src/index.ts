export { AppError, type AppErrorInit, type ErrorCode, errorCodes, messageOf, refused } from './app-error.ts';
export { type BackoffInput, backoffMs } from './backoff.ts';
export { BoundedMap } from './bounded-map.ts';
export { canonicalJson } from './canonical-json.ts';
export { type Clock, systemClock } from './clock.ts';

export {
  Health,
  type HealthBounds,
  type HealthPart,
  type HealthReport,
  Liveness,
  type PartReport,
  type PartState,
} from './health.ts';
export {
  type ConfigOf,
  type ConfigSpec,
  describeConfig,
  type Environment,
  loadConfig,
} from './load-config.ts';
export { parseUrl } from './parse-url.ts';
export {
  PeriodicTask,
  type PeriodicTaskOptions,
  runPeriodically,
  untilNextMultiple,
} from './periodic-task.ts';
export { type CloseReport, Resources } from './resources.ts';
export { type KeyRing, keyRing, seal, sealingKeyId, unseal } from './sealing.ts';
export {
  boolean,
  choice,
  duration,
  integer,
  list,
  optional,
  orFile,
  type Reading,
  type Setting,
  secret,
  text,
  url,
  urls,
} from './settings.ts';
export { sharedSettings } from './shared-settings.ts';
export { sleep } from './sleep.ts';
export {
  type CertificateUse,
  TlsFiles,
  type TlsMaterial,
  type TlsPaths,
} from './tls-files.ts';
