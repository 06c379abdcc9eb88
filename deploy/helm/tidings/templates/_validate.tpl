{{/* Refuses values that the schema cannot refuse, with what to do. */}}
{{- define "tidings.validate" -}}
{{- $data := include "tidings.data" . | fromJson -}}
{{- $components := include "tidings.components" . | fromJson -}}
{{- if not (regexMatch "^[a-z][-a-z0-9]*$" (include "tidings.fullname" .)) -}}
{{- fail (printf "the release name %s: set fullnameOverride; Services need a name of letters, digits and -, with a letter first" .Release.Name) -}}
{{- end -}}
{{- with .Values.spool -}}
{{- $powers := dict "" 0 "k" 1 "M" 2 "G" 3 "T" 4 "Ki" 1 "Mi" 2 "Gi" 3 "Ti" 4 -}}
{{- $unit := regexFind "[A-Za-z]*$" .size -}}
{{- $bytes := float64 (trimSuffix $unit .size) -}}
{{- range until (get $powers $unit | default 0 | int) -}}
{{- $bytes = mulf $bytes (ternary 1024 1000 (hasSuffix "i" $unit)) -}}
{{- end -}}
{{- if and (ne .kind "none") (le $bytes (float64 .maxBytes)) -}}
{{- fail (printf "spool.size: %s is no more than spool.maxBytes, %d bytes, which the volume must hold besides what ingress keeps there; enlarge it" .size (int64 .maxBytes)) -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := .Values.components -}}
{{- if not (hasKey $components $name) -}}
{{- fail (printf "components.%s: the form %s has the components %s" $name $.Values.form (keys $components | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.strimzi.enabled .Values.kafka.brokers -}}
{{- fail "kafka.brokers: leave it empty with strimzi.enabled, whose cluster has the brokers" -}}
{{- end -}}
{{- if not (or .Values.strimzi.enabled .Values.kafka.brokers) -}}
{{- fail "kafka.brokers: set it to a list of host:port, or set strimzi.enabled" -}}
{{- end -}}
{{- if and (eq .Values.topics.create "strimzi") (not .Values.strimzi.enabled) -}}
{{- fail "topics.create: strimzi needs strimzi.enabled" -}}
{{- end -}}
{{- if and .Values.strimzi.enabled (eq .Values.topics.create "job") -}}
{{- fail "topics.create: set it to strimzi; the job runs before the users that this release creates" -}}
{{- end -}}
{{- if and .Values.strimzi.enabled (ne .Values.kafka.security.protocol "PLAINTEXT") -}}
{{- fail "kafka.security: leave it as it is with strimzi.enabled, which sets TLS and users" -}}
{{- end -}}
{{- with .Values.kafka.security -}}
{{- if hasPrefix "SASL" .protocol -}}
{{- if not .mechanism -}}
{{- fail (printf "kafka.security.mechanism: set it for kafka.security.protocol %s" .protocol) -}}
{{- end -}}
{{- if and (eq .mechanism "OAUTHBEARER") (not .oauth.tokenUrl) -}}
{{- fail "kafka.security.oauth.tokenUrl: set it for kafka.security.mechanism OAUTHBEARER" -}}
{{- end -}}
{{- range $name := concat (keys $data.users | sortAlpha) (list "topics") -}}
{{- if and (or (hasKey $components $name) (and (eq $name "topics") (eq $.Values.topics.create "job"))) (not (get $.Values.kafka.security.secrets $name | default $.Values.kafka.security.secret)) -}}
{{- fail (printf "kafka.security.secrets.%s: set it to the Secret with the user of %s, or kafka.security.secret to one for all" $name $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (not (hasSuffix "SSL" .protocol)) (or .ca.secret .certSecret) -}}
{{- fail (printf "kafka.security: ca and certSecret need a protocol with TLS, and protocol is %s" .protocol) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.strimzi.enabled .Values.strimzi.create (gt (int .Values.kafka.replicationFactor) (int .Values.strimzi.brokers)) -}}
{{- fail (printf "kafka.replicationFactor: %d copies need as many brokers, and strimzi.brokers is %d" (int .Values.kafka.replicationFactor) (int .Values.strimzi.brokers)) -}}
{{- end -}}
{{- if and .Values.monitoring.podMonitor.enabled .Values.monitoring.serviceMonitor.enabled -}}
{{- fail "monitoring: enable podMonitor or serviceMonitor, not both, which would count everything twice" -}}
{{- end -}}
{{- with .Values.otlp -}}
{{- if and (not .endpoint) (or .sampler .headers.name) -}}
{{- fail "otlp.endpoint: set it to the collector, or leave otlp.sampler and otlp.headers.name empty" -}}
{{- end -}}
{{- if and (ne (float64 .ratio) 1.0) (not (hasSuffix "traceidratio" .sampler)) -}}
{{- fail "otlp.ratio: set otlp.sampler to traceidratio or parentbased_traceidratio, or leave it 1" -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.objects.kind "s3") (not .Values.objects.s3.bucket) -}}
{{- fail "objects.s3.bucket: set it for objects.kind s3" -}}
{{- end -}}
{{- if and (ne .Values.expose.kind "none") (not .Values.expose.host) -}}
{{- fail (printf "expose.host: set it for expose.kind %s" .Values.expose.kind) -}}
{{- end -}}
{{- if and (eq .Values.expose.kind "gateway") (not .Values.expose.gateway.name) -}}
{{- fail "expose.gateway.name: set it to the Gateway for expose.kind gateway" -}}
{{- end -}}
{{- with .Values.secrets.externalSecret -}}
{{- if and .enabled (not (and .store.name .remoteKey)) -}}
{{- fail "secrets.externalSecret: set store.name and remoteKey" -}}
{{- end -}}
{{- end -}}
{{- $oneDisk := and (eq .Values.objects.kind "pvc") (eq .Values.objects.pvc.accessMode "ReadWriteOnce") -}}
{{- range $name, $own := $components -}}
{{- $most := ternary $own.replicas $own.autoscaling.maxReplicas (eq $own.autoscaling.kind "none") | int -}}
{{- if gt (int $own.autoscaling.minReplicas) (int $own.autoscaling.maxReplicas) -}}
{{- fail (printf "components.%s.autoscaling: minReplicas %d is above maxReplicas %d" $name (int $own.autoscaling.minReplicas) (int $own.autoscaling.maxReplicas)) -}}
{{- end -}}
{{- $backlogs := 0 -}}
{{- range $own.services -}}
{{- $service := get $data.services . -}}
{{- if $service.backlog -}}
{{- $backlogs = add1 $backlogs -}}
{{- if gt $most (int $service.backlog.partitions) -}}
{{- fail (printf "components.%s: %d instances are more than the %d partitions of %s, so some would have nothing to do; set at most %d" $name $most (int $service.backlog.partitions) $service.backlog.topic (int $service.backlog.partitions)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $own.autoscaling.kind "keda") (eq (int $backlogs) 0) -}}
{{- fail (printf "components.%s.autoscaling.kind: keda counts records that wait in Kafka, and %s reads none; set hpa" $name (join ", " $own.services)) -}}
{{- end -}}
{{- if and (eq $own.autoscaling.kind "hpa") (not (dig "requests" "cpu" "" $own.resources)) -}}
{{- fail (printf "components.%s.resources.requests.cpu: set it; hpa measures the CPU as a share of it" $name) -}}
{{- end -}}
{{- if and (or $oneDisk (eq $.Values.objects.kind "ephemeral")) (has "history" $own.services) (gt $most 1) -}}
{{- fail (printf "components.%s: %d instances share the exports; set objects.kind to s3, or objects.pvc.accessMode to ReadWriteMany" $name $most) -}}
{{- end -}}
{{- $large := get $own.settings "INGRESS_MAX_LARGE_EVENT_BYTES" | default "0" -}}
{{- if and (ne $large "0") (ne $.Values.objects.kind "s3") (ne $.Values.form "together") (or $oneDisk (eq $.Values.objects.kind "ephemeral")) -}}
{{- fail "INGRESS_MAX_LARGE_EVENT_BYTES: several pods need the data of large events; set objects.kind to s3, or objects.pvc.accessMode to ReadWriteMany" -}}
{{- end -}}
{{- end -}}
{{- end }}
