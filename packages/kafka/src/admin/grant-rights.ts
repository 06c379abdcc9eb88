import type { Operation, Right } from '@tidings/contracts';
import kafkajs, { type AclEntry } from 'kafkajs';
import type { AdminEndpoint } from './admin-endpoint.ts';
import { withAdmin } from './with-admin.ts';

/** Options of {@link grantRights}. `principal`: as the brokers name the user, such as `User:tidings-ingress`. */
export type GrantRightsOptions = AdminEndpoint & Readonly<{ principal: string; rights: readonly Right[] }>;

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const operations: Readonly<Record<Operation, number>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  Create: AclOperationTypes.CREATE,
  Delete: AclOperationTypes.DELETE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};
const resources: Readonly<Record<Right['resource'], number>> = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  cluster: AclResourceTypes.CLUSTER,
};
const patterns: Readonly<Record<Right['pattern'], number>> = {
  literal: ResourcePatternTypes.LITERAL,
  prefix: ResourcePatternTypes.PREFIXED,
};

const entriesOf = (principal: string, right: Right): readonly AclEntry[] =>
  right.operations.map((operation) => ({
    principal,
    host: '*',
    resourceType: resources[right.resource],
    resourceName: right.name,
    resourcePatternType: patterns[right.pattern],
    operation: operations[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }));

/**
 * Gives a user rights, as ACLs of the cluster. Rights that it has stay. The caller needs the right to alter the cluster.
 * Throws AppError `unavailable` if the brokers do not do it.
 */
export async function grantRights(options: GrantRightsOptions): Promise<void> {
  const { brokers, principal, rights } = options;
  await withAdmin(options, {
    clientId: 'tidings-rights',
    problem: `the brokers ${brokers.join(',')} did not grant the rights of ${principal}`,
    run: async (admin) => admin.createAcls({ acl: rights.flatMap((right) => entriesOf(principal, right)) }),
  });
}
