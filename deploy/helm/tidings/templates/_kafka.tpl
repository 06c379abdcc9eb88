{{/* Whether a pod connects to Kafka: "true" or nothing. (root, name) */}}
{{- define "tidings.usesKafka" -}}
{{- if or (eq .name "topics") (hasKey (include "tidings.data" .root | fromJson).users .name) -}}true{{- end -}}
{{- end }}

{{/* How a pod connects to Kafka, as JSON: protocol, mechanism, ca, cert, secret. (root, name) */}}
{{- define "tidings.kafka" -}}
{{- $values := .root.Values -}}
{{- if $values.strimzi.enabled -}}
{{- toJson (dict
  "protocol" "SASL_SSL"
  "mechanism" "SCRAM-SHA-512"
  "username" (printf "%s-%s" (include "tidings.fullname" .root) .name)
  "ca" (dict "secret" (printf "%s-cluster-ca-cert" $values.strimzi.cluster) "key" "ca.crt")
  "cert" ""
  "secret" (printf "%s-%s" (include "tidings.fullname" .root) .name)
) -}}
{{- else -}}
{{- $security := $values.kafka.security -}}
{{- $user := hasPrefix "SASL" $security.protocol -}}
{{- $tls := hasSuffix "SSL" $security.protocol -}}
{{- toJson (dict
  "protocol" $security.protocol
  "mechanism" (ternary $security.mechanism "" $user)
  "ca" (ternary $security.ca (dict "secret" "") $tls)
  "cert" (ternary $security.certSecret "" $tls)
  "secret" (ternary (get $security.secrets .name | default $security.secret) "" $user)
) -}}
{{- end -}}
{{- end }}

{{/* The variables of the connection to Kafka that are no secrets, as JSON. (root, name) */}}
{{- define "tidings.kafkaEnv" -}}
{{- $kafka := include "tidings.kafka" . | fromJson -}}
{{- $security := .root.Values.kafka.security -}}
{{- $env := dict "KAFKA_SECURITY_PROTOCOL" $kafka.protocol -}}
{{- with $kafka.mechanism -}}
{{- $_ := set $env "KAFKA_SASL_MECHANISM" . -}}
{{- end -}}
{{- with $kafka.username -}}
{{- $_ := set $env "KAFKA_USERNAME" . -}}
{{- end -}}
{{- if $kafka.ca.secret -}}
{{- $_ := set $env "KAFKA_CA_FILE" "/etc/kafka-ca/ca.crt" -}}
{{- end -}}
{{- if $kafka.cert -}}
{{- $_ := set $env "KAFKA_CERT_FILE" "/etc/kafka-cert/tls.crt" -}}
{{- $_ := set $env "KAFKA_KEY_FILE" "/etc/kafka-cert/tls.key" -}}
{{- end -}}
{{- if eq $kafka.mechanism "OAUTHBEARER" -}}
{{- $_ := set $env "KAFKA_OAUTH_TOKEN_URL" $security.oauth.tokenUrl -}}
{{- with $security.oauth.scope -}}
{{- $_ := set $env "KAFKA_OAUTH_SCOPE" . -}}
{{- end -}}
{{- end -}}
{{ toJson $env }}
{{- end }}

{{/* The variables of the connection to Kafka that come from Secrets, as JSON. (root, name) */}}
{{- define "tidings.kafkaSecrets" -}}
{{- $kafka := include "tidings.kafka" . | fromJson -}}
{{- $refs := dict -}}
{{- if eq $kafka.mechanism "OAUTHBEARER" -}}
{{- range list "KAFKA_OAUTH_CLIENT_ID" "KAFKA_OAUTH_CLIENT_SECRET" -}}
{{- $_ := set $refs . (dict "name" $kafka.secret) -}}
{{- end -}}
{{- else if $kafka.username -}}
{{- $_ := set $refs "KAFKA_PASSWORD" (dict "name" $kafka.secret "key" "password") -}}
{{- else if $kafka.mechanism -}}
{{- range list "KAFKA_USERNAME" "KAFKA_PASSWORD" -}}
{{- $_ := set $refs . (dict "name" $kafka.secret) -}}
{{- end -}}
{{- end -}}
{{ toJson $refs }}
{{- end }}

{{/* The certificates that a pod reads, as JSON: Secrets by the name of their volume. (root, name, own) */}}
{{- define "tidings.certificates" -}}
{{- $found := dict -}}
{{- with .root.Values.extraCa -}}
{{- if .secret -}}
{{- $_ := set $found "extra-ca" (dict "secret" .secret "items" (dict "ca.crt" .key)) -}}
{{- end -}}
{{- end -}}
{{- if include "tidings.usesKafka" . -}}
{{- $kafka := include "tidings.kafka" . | fromJson -}}
{{- with $kafka.ca.secret -}}
{{- $_ := set $found "kafka-ca" (dict "secret" . "items" (dict "ca.crt" $kafka.ca.key)) -}}
{{- end -}}
{{- with $kafka.cert -}}
{{- $_ := set $found "kafka-cert" (dict "secret" . "items" (dict "tls.crt" "tls.crt" "tls.key" "tls.key")) -}}
{{- end -}}
{{- end -}}
{{- $mongodb := .root.Values.mongodb.ca -}}
{{- if and $mongodb.secret (or (has "subscription" .own.services) (has "history" .own.services)) -}}
{{- $_ := set $found "mongodb-ca" (dict "secret" $mongodb.secret "items" (dict "ca.crt" $mongodb.key)) -}}
{{- end -}}
{{ toJson $found }}
{{- end }}

{{- define "tidings.certificateMounts" -}}
{{- range $volume, $_ := include "tidings.certificates" . | fromJson }}
- { name: {{ $volume }}, mountPath: /etc/{{ $volume }}, readOnly: true }
{{- end }}
{{- end }}

{{- define "tidings.certificateVolumes" -}}
{{- range $volume, $from := include "tidings.certificates" . | fromJson }}
- name: {{ $volume }}
  secret:
    secretName: {{ $from.secret }}
    items:
      {{- range $file, $key := $from.items }}
      - { key: {{ $key | quote }}, path: {{ $file }} }
      {{- end }}
{{- end }}
{{- end }}
