/** Labels or annotations. */
export type Texts = Readonly<Record<string, string>>;

/** A rendered resource; its spec as far as the tests read it, by its kind. */
export type Resource<Spec = unknown> = Readonly<{
  apiVersion: string;
  kind: string;
  metadata: Readonly<{ name: string; labels?: Texts; annotations?: Texts }>;
  spec?: Spec;
  data?: Texts;
}>;

/** A variable of a container: its text, or the Secret from which it comes. */
export type EnvEntry = Readonly<{
  name: string;
  value?: string;
  valueFrom?: Readonly<{ secretKeyRef: Readonly<{ name: string; key: string; optional?: boolean }> }>;
}>;

type Probe = Readonly<{ httpGet: Readonly<{ path: string; port: string }> }>;
type Named = Readonly<{ name: string }>;

/** A container of a pod. */
export type Container = Readonly<{
  image: string;
  command: readonly string[];
  env: readonly EnvEntry[];
  ports: readonly Readonly<{ name: string; containerPort: number }>[];
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
  lifecycle: Readonly<{ preStop: Readonly<{ sleep: Readonly<{ seconds: number }> }> }>;
  securityContext: Readonly<Record<string, unknown>>;
  resources: Readonly<{ requests: Texts }>;
  volumeMounts: readonly Readonly<{ name: string; mountPath: string; readOnly?: boolean }>[];
}>;

/** The spec of a Deployment, a StatefulSet or a Job. */
export type Workload = Readonly<{
  replicas?: number;
  selector: Readonly<{ matchLabels: Texts }>;
  template: Readonly<{
    metadata: Readonly<{ labels: Texts }>;
    spec: Readonly<{
      containers: readonly [Container, ...Container[]];
      securityContext: Readonly<Record<string, unknown>>;
      enableServiceLinks: boolean;
      terminationGracePeriodSeconds: number;
      volumes?: readonly Readonly<{
        name: string;
        secret?: Readonly<{ items: readonly Readonly<{ path: string }>[] }>;
      }>[];
      topologySpreadConstraints?: readonly Readonly<{
        labelSelector: Readonly<{ matchLabels: Texts }>;
      }>[];
    }>;
  }>;
  volumeClaimTemplates?: readonly Readonly<{ metadata: Named }>[];
}>;

/** The spec of a Service. */
export type ServiceSpec = Readonly<{
  selector: Texts;
  ports: readonly Readonly<{ name: string; port: number; targetPort: string }>[];
}>;

/** The spec of a PodDisruptionBudget, a PodMonitor or a ServiceMonitor. */
export type Selecting = Readonly<{
  selector: Readonly<{ matchLabels: Texts }>;
  podMetricsEndpoints?: readonly MetricsEndpoint[];
  endpoints?: readonly MetricsEndpoint[];
}>;

type MetricsEndpoint = Readonly<{ port: string; relabelings: readonly unknown[] }>;

/** The spec of a HorizontalPodAutoscaler or a ScaledObject. */
export type Scaling = Readonly<{
  scaleTargetRef: Readonly<{ kind: string; name: string }>;
  maxReplicas?: number;
  maxReplicaCount?: number;
  triggers?: readonly Readonly<{ type: string; name: string; metadata: Texts }>[];
}>;

/** The resources of some kinds, whose spec is of one type. */
export const ofKind = <Spec = unknown>(
  resources: readonly Resource[],
  ...kinds: readonly string[]
): readonly (Resource<Spec> & Readonly<{ spec: Spec }>)[] =>
  resources.filter(({ kind }) => kinds.includes(kind)) as (Resource<Spec> & Readonly<{ spec: Spec }>)[];

/** Deployments and StatefulSets: what runs services. */
export const workloadsOf = (resources: readonly Resource[]) =>
  ofKind<Workload>(resources, 'Deployment', 'StatefulSet');

/** The container of a workload or a job. */
export const containerOf = ({ spec }: Readonly<{ spec: Workload }>): Container =>
  spec.template.spec.containers[0];

/** A name for failures. */
export const labelOf = ({ kind, metadata }: Resource): string => `${kind}/${metadata.name}`;

/** Tells whether a pod with these labels is selected. */
export const selects = (labels: Texts, pod: Texts): boolean =>
  Object.entries(labels).every(([name, value]) => pod[name] === value);
