{{- define "tidings.strimziPort" -}}9092{{- end }}
{{- define "tidings.kafkaEnv" -}}{}{{- end }}
{{- define "tidings.kafkaSecrets" -}}{}{{- end }}
{{- define "tidings.kafkaMounts" -}}{{- end }}
{{- define "tidings.kafkaVolumes" -}}{{- end }}
{{- define "tidings.kedaMetadata" -}}{{- end }}
{{- define "tidings.kedaReference" -}}{{- end }}
{{- define "tidings.strimziListeners" -}}
- { name: plain, port: 9092, type: internal, tls: false }
{{- end }}
{{- define "tidings.strimziAuthorization" -}}{{- end }}
