{{/*
The environment of a component: each variable that one of its services reads, and no other. (root, name, own)
*/}}
{{- define "tidings.env" -}}
{{- $root := .root -}}
{{- $own := .own -}}
{{- $values := $root.Values -}}
{{- $data := include "tidings.data" $root | fromJson -}}
{{- $fullname := include "tidings.fullname" $root -}}
{{- $known := list -}}
{{- range $own.services -}}
{{- $known = concat $known (get $data.services .).settings -}}
{{- end -}}

{{- $env := dict -}}
{{- range $own.services -}}
{{- $_ := set $env (printf "%s_HOST" (upper .)) "0.0.0.0" -}}
{{- $_ := set $env (printf "%s_PORT" (upper .)) (get $data.services . ).port -}}
{{- end -}}
{{- if has "console" $own.services -}}
{{- $_ := set $env "CONSOLE_OPERATOR_HOST" "0.0.0.0" -}}
{{- $_ := set $env "CONSOLE_OPERATOR_PORT" $data.operatorPort -}}
{{- /* The console finds the services of its own pod by itself. */ -}}
{{- range $service, $more := $data.services -}}
{{- if not (has $service $own.services) -}}
{{- $place := include "tidings.componentOf" (dict "root" $root "service" $service) -}}
{{- $_ := set $env (printf "%s_URL" (upper $service)) (printf "http://%s-%s:%d" $fullname $place (int $more.port)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $env "TRUSTED_PROXIES" (join "," $values.console.trustedProxies) -}}
{{- else -}}
{{- /* The console is the proxy of the other pods. */ -}}
{{- /* 100.64.0.0/10: pods of some providers. */ -}}
{{- $_ := set $env "TRUSTED_PROXIES" "uniquelocal,100.64.0.0/10" -}}
{{- end -}}

{{- $listeners := list -}}
{{- range $name, $other := include "tidings.components" $root | fromJson -}}
{{- $host := printf "%s-%s" $fullname $name -}}
{{- $listeners = concat $listeners (list $host (printf "%s.%s" $host $root.Release.Namespace) (printf "%s.%s.svc" $host $root.Release.Namespace)) -}}
{{- end -}}
{{- $brokers := include "tidings.brokers" $root -}}
{{- $_ := set $env "OWN_LISTENERS" (join "," (concat $listeners (list "0.0.0.0" $brokers))) -}}
{{- $_ := set $env "KAFKA_BROKERS" $brokers -}}
{{- $_ := set $env "LOOP_ID" (default (printf "%s/%s" $root.Release.Namespace $fullname | sha256sum | trunc 22) $values.loopId) -}}
{{- $_ := set $env "ALLOW_HTTP_ENDPOINTS" $values.endpoints.allowHttp -}}
{{- $_ := set $env "DANGEROUSLY_ALLOWED_NETWORKS" (join "," $values.endpoints.allowedNetworks) -}}
{{- $_ := set $env "WORKSPACE_ID" $values.workspace.id -}}
{{- $_ := set $env "WORKSPACE_POLICY" $values.workspace.policy -}}
{{- if $values.expose.host -}}
{{- $_ := set $env "PORTAL_URL" (printf "https://%s/portal" $values.expose.host) -}}
{{- end -}}
{{- if ne $values.spool.kind "none" -}}
{{- /* Not the root of the volume, which belongs to root: ingress makes the folder private. */ -}}
{{- $_ := set $env "INGRESS_SPOOL_DIR" "/data/spool/accepted" -}}
{{- $_ := set $env "INGRESS_SPOOL_MAX_BYTES" (int64 $values.spool.maxBytes) -}}
{{- end -}}
{{- if eq $values.objects.kind "s3" -}}
{{- $_ := set $env "OBJECT_STORAGE" "s3" -}}
{{- with $values.objects.s3 -}}
{{- $_ := set $env "S3_BUCKET" .bucket -}}
{{- $_ := set $env "S3_REGION" .region -}}
{{- $_ := set $env "S3_ENDPOINT" .endpoint -}}
{{- $_ := set $env "S3_PATH_STYLE" .pathStyle -}}
{{- end -}}
{{- else if include "tidings.hasObjects" . -}}
{{- $_ := set $env "OBJECT_STORAGE" "folder" -}}
{{- $_ := set $env "OBJECT_STORAGE_FOLDER" "/data/objects" -}}
{{- end -}}
{{- if $values.mongodb.ca.secret -}}
{{- $_ := set $env "MONGODB_TLS_CA_FILE" "/etc/mongodb-ca/ca.crt" -}}
{{- end -}}
{{- range $variable, $text := include "tidings.kafkaEnv" . | fromJson -}}
{{- $_ := set $env $variable $text -}}
{{- end -}}
{{- range $variable, $text := $own.settings -}}
{{- $_ := set $env $variable $text -}}
{{- end -}}

{{- /* Several consoles share their sessions only with keys; one makes keys of its own. */ -}}
{{- $most := ternary $own.replicas $own.autoscaling.maxReplicas (eq $own.autoscaling.kind "none") | int -}}
{{- $secret := $values.secrets.existing -}}
{{- $refs := dict
  "ADMIN_KEY" (dict "name" $secret)
  "SEALING_KEYS" (dict "name" $secret)
  "CONSOLE_SESSION_KEYS" (dict "name" $secret "optional" (le $most 1))
  "MONGODB_URI" (dict "name" (default $secret $values.secrets.mongodbUri.name) "key" (default "MONGODB_URI" $values.secrets.mongodbUri.key))
-}}
{{- if and (eq $values.objects.kind "s3") $values.objects.s3.secret -}}
{{- range list "S3_ACCESS_KEY_ID" "S3_SECRET_ACCESS_KEY" -}}
{{- $_ := set $refs . (dict "name" $values.objects.s3.secret) -}}
{{- end -}}
{{- end -}}
{{- range $variable, $ref := include "tidings.kafkaSecrets" . | fromJson -}}
{{- $_ := set $refs $variable $ref -}}
{{- end -}}

- name: SERVICES
  value: {{ join "," $own.services | quote }}
- name: LOG_LEVEL
  value: {{ $values.logLevel | quote }}
{{- with $values.otlp.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with $values.otlp.sampler }}
- name: OTEL_TRACES_SAMPLER
  value: {{ . | quote }}
{{- if hasSuffix "traceidratio" . }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ toString $values.otlp.ratio | quote }}
{{- end }}
{{- end }}
{{- if $values.otlp.headers.name }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef: { name: {{ $values.otlp.headers.name }}, key: {{ $values.otlp.headers.key | quote }} }
{{- end }}
{{- if $values.extraCa.secret }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/extra-ca/ca.crt
{{- end }}
{{- range $variable, $text := $env }}
{{- if and (has $variable $known) (ne (toString $text) "") }}
- name: {{ $variable }}
  value: {{ toString $text | quote }}
{{- end }}
{{- end }}
{{- range $variable, $ref := $refs }}
{{- if has $variable $known }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef:
      name: {{ $ref.name }}
      key: {{ default $variable $ref.key }}
      {{- if $ref.optional }}
      optional: true
      {{- end }}
{{- end }}
{{- end }}
{{- end }}
