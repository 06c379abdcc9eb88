{{/* What the templates take from the code: files/tidings.json. */}}
{{- define "tidings.data" -}}
{{ .Files.Get "files/tidings.json" }}
{{- end }}

{{- define "tidings.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{/* Labels by which the pods of a component are selected: never change them. (root, name) */}}
{{- define "tidings.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{/* Labels of every resource. (root, name) */}}
{{- define "tidings.labels" -}}
{{ include "tidings.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tidings
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "tidings.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ printf "%s@%s" .repository .digest }}
{{- else -}}
{{ printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The components of the form, as JSON: by name, their values, with `services` and `stateful`. */}}
{{- define "tidings.components" -}}
{{- $data := include "tidings.data" . | fromJson -}}
{{- $components := dict -}}
{{- range $name, $services := get $data.forms .Values.form -}}
{{- $own := mergeOverwrite (deepCopy $.Values.defaults) (deepCopy (default dict (get $.Values.components $name))) -}}
{{- $_ := set $own "services" $services -}}
{{- $_ := set $own "stateful" (and (has "ingress" $services) (eq $.Values.spool.kind "persistent")) -}}
{{- $_ := set $components $name $own -}}
{{- end -}}
{{ toJson $components }}
{{- end }}

{{/* The name of the component that runs a service. (root, service) */}}
{{- define "tidings.componentOf" -}}
{{- range $name, $own := include "tidings.components" .root | fromJson -}}
{{- if has $.service $own.services -}}{{ $name }}{{- end -}}
{{- end -}}
{{- end }}

{{/* host:port of the brokers. */}}
{{- define "tidings.brokers" -}}
{{- if .Values.strimzi.enabled -}}
{{ printf "%s-kafka-bootstrap:9093" .Values.strimzi.cluster }}
{{- else -}}
{{ join "," .Values.kafka.brokers }}
{{- end -}}
{{- end }}

{{/* The port of an http or https URL. */}}
{{- define "tidings.portOf" -}}
{{- $parsed := urlParse . -}}
{{- $port := regexFind ":[0-9]+$" $parsed.host -}}
{{- if $port -}}
{{ trimPrefix ":" $port }}
{{- else -}}
{{ ternary 80 443 (eq $parsed.scheme "http") }}
{{- end -}}
{{- end }}

{{- define "tidings.objectsClaim" -}}
{{ default (printf "%s-objects" (include "tidings.fullname" .)) .Values.objects.pvc.existing }}
{{- end }}

{{/* Whether a component has the volume of the objects: "true" or nothing. (root, own) */}}
{{- define "tidings.hasObjects" -}}
{{- $uses := list "history" -}}
{{- if or (eq .root.Values.objects.pvc.accessMode "ReadWriteMany") (eq .root.Values.form "together") -}}
{{- $uses = list "history" "ingress" "fanout" "delivery" -}}
{{- end -}}
{{- if ne .root.Values.objects.kind "s3" -}}
{{- range .own.services -}}{{- if has . $uses -}}true{{- end -}}{{- end -}}
{{- end -}}
{{- end }}
