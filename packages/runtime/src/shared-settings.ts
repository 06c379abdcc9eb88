import { boolean, choice, integer, list, orFile, secret, text, url } from './settings.ts';

/**
 * Settings that several services read, each defined once. A service's config.ts selects those it requires: `{
 * kafkaBrokers: sharedSettings.kafkaBrokers, … }`.
 */
export const sharedSettings = {
  kafkaBrokers: list({ env: 'KAFKA_BROKERS', help: 'set it to the brokers as host:port,host:port' }),
  mongodbUri: orFile(
    url({
      env: 'MONGODB_URI',
      protocols: ['mongodb:', 'mongodb+srv:'],
      help: 'set it to the MongoDB connection string, mongodb://host:port',
    }),
  ),
  adminKey: secret({ env: 'ADMIN_KEY', minLength: 16, help: 'set it to the bootstrap key of the API' }),
  workspaceId: text({
    env: 'WORKSPACE_ID',
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
    help: 'set it to the id of the workspace that the admin key belongs to',
  }),
  sealingKeys: secret({
    env: 'SEALING_KEYS',
    help: "set it to the key ring that seals secrets, 'id:base64key', the primary one first; a key has 32 bytes",
  }),
  dangerouslyAllowedNetworks: list({
    env: 'DANGEROUSLY_ALLOWED_NETWORKS',
    default: [],
    help: 'comma-separated CIDRs of non-public addresses that endpoints may use; empty allows none',
  }),
  ownListeners: list({
    env: 'OWN_LISTENERS',
    default: [],
    help: 'comma-separated host:port of this installation that no endpoint may use, even inside an allowed network',
  }),
  loopId: text({
    env: 'LOOP_ID',
    default: '',
    pattern: /^[A-Za-z0-9._-]{0,64}$/,
    help: 'a random name of this installation: deliveries carry it, and ingress rejects events that carry it; empty disables both',
  }),
  allowHttpEndpoints: boolean({
    env: 'ALLOW_HTTP_ENDPOINTS',
    default: false,
    help: 'true allows http:// endpoints; the default is https only',
  }),
  replicationFactor: integer({
    env: 'REPLICATION_FACTOR',
    default: 3,
    min: 1,
    max: 9,
    help: 'replicas of each topic partition that is created',
  }),
  logLevel: choice({
    env: 'LOG_LEVEL',
    values: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    help: 'the least severe log lines that are written',
  }),
} as const;
