{{/* How KEDA connects to Kafka: fields of a trigger. (root, name) */}}
{{- define "tidings.kedaMetadata" -}}
{{- $kafka := include "tidings.kafka" . | fromJson -}}
{{- if hasSuffix "SSL" $kafka.protocol }}
tls: enable
{{- end }}
{{- with $kafka.mechanism }}
sasl: {{ get (dict "PLAIN" "plaintext" "SCRAM-SHA-256" "scram_sha256" "SCRAM-SHA-512" "scram_sha512" "OAUTHBEARER" "oauthbearer") . }}
{{- end }}
{{- end }}

{{/* The TriggerAuthentication of a component: user and token from the environment of its pods. (root, name) */}}
{{- define "tidings.kedaAuthentication" -}}
{{- $kafka := include "tidings.kafka" . | fromJson -}}
{{- $variables := dict -}}
{{- if eq $kafka.mechanism "OAUTHBEARER" -}}
{{- $variables = dict "username" "KAFKA_OAUTH_CLIENT_ID" "password" "KAFKA_OAUTH_CLIENT_SECRET" "oauthTokenEndpointUri" "KAFKA_OAUTH_TOKEN_URL" -}}
{{- if .root.Values.kafka.security.oauth.scope -}}
{{- $_ := set $variables "scopes" "KAFKA_OAUTH_SCOPE" -}}
{{- end -}}
{{- else if $kafka.mechanism -}}
{{- $variables = dict "username" "KAFKA_USERNAME" "password" "KAFKA_PASSWORD" -}}
{{- end -}}
{{- if or $variables $kafka.ca.secret $kafka.cert }}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ include "tidings.fullname" .root }}-{{ .name }}
  labels: {{- include "tidings.labels" . | nindent 4 }}
spec:
  {{- with $variables }}
  env:
    {{- range $parameter, $variable := . }}
    - { parameter: {{ $parameter }}, name: {{ $variable }}, containerName: tidings }
    {{- end }}
  {{- end }}
  {{- if or $kafka.ca.secret $kafka.cert }}
  secretTargetRef:
    {{- if $kafka.ca.secret }}
    - { parameter: ca, name: {{ $kafka.ca.secret }}, key: {{ $kafka.ca.key | quote }} }
    {{- end }}
    {{- with $kafka.cert }}
    - { parameter: cert, name: {{ . }}, key: tls.crt }
    - { parameter: key, name: {{ . }}, key: tls.key }
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}
