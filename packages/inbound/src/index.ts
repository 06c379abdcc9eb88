export { InboundHeaders } from './headers.ts';
export { readLargeHook } from './large-hook.ts';
export { hookFailures, type Provider, type SourceOptions, type Verification } from './provider.ts';
export { providers } from './providers.ts';
export { checkHeaders, type ReceivedHook, type Reception, receiveHook } from './receive-hook.ts';
