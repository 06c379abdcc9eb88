export type { EndpointCheck } from './check-endpoint.ts';
export type { Dial } from './connection/dial-first.ts';
export type { PoolStats } from './connection/socket-pools.ts';
export type { TlsOptions } from './connection/tls-contexts.ts';
export {
  createEgress,
  type Egress,
  type EgressOptions,
  type EgressRequest,
  type StreamedBody,
} from './create-egress.ts';
export {
  type Resolution,
  type Resolver,
  type SystemResolverOptions,
  systemResolver,
} from './dns/resolver.ts';
export {
  type AddressClass,
  classifyAddress,
  isOwnListener,
  isPublicAddress,
} from './policy/address-policy.ts';
export { checkHeader, type HeaderCheck, headerRules } from './policy/header-policy.ts';
export type { NetworkPolicy, OwnListener, UrlPolicy } from './policy/network-policy.ts';
export { defaultPorts } from './policy/network-policy.ts';
export { type Cidr, parseNetworks } from './policy/networks.ts';
export { type OperatorSettings, operatorPolicy } from './policy/operator-policy.ts';
export {
  checkUrl,
  maxUrlLength,
  type UrlCheck,
  type UrlRule,
  type UrlViolation,
  urlRules,
} from './policy/url-policy.ts';
export { sendWithRepeat } from './send-with-repeat.ts';
