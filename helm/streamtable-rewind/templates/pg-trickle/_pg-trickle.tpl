{{/* Names and values that several templates of pg_trickle need. The argument is the root context, or (dict "root" $ …). */}}

{{- define "strw.pgTrickle.name" -}}
{{ include "strw.fullname" . | trunc 46 | trimSuffix "-" }}-pg-trickle
{{- end }}

{{- define "strw.pgTrickle.postgresName" -}}
{{ include "strw.fullname" . | trunc 46 | trimSuffix "-" }}-postgres
{{- end }}

{{- define "strw.pgTrickle.lakeName" -}}
{{ include "strw.fullname" . | trunc 46 | trimSuffix "-" }}-lake
{{- end }}

{{- define "strw.pgTrickle.metricsName" -}}
{{ include "strw.fullname" . | trunc 46 | trimSuffix "-" }}-scheduler
{{- end }}

{{- define "strw.pgTrickle.secretName" -}}
{{ .Values.pgTrickle.existingSecret | default (include "strw.pgTrickle.name" .) }}
{{- end }}

{{- define "strw.pgTrickle.lakeTlsSecretName" -}}
{{ .Values.externalPostgres.lake.tls.existingSecret | default (printf "%s-tls" (include "strw.pgTrickle.lakeName" .)) }}
{{- end }}

{{/* Where programs outside of the pod reach PostgreSQL. */}}
{{- define "strw.pgTrickle.databaseHost" -}}
{{- if .Values.externalPostgres.enabled -}}
{{ required "externalPostgres.host is needed" .Values.externalPostgres.host }}
{{- else -}}
{{ include "strw.pgTrickle.postgresName" . }}.{{ .Release.Namespace }}.svc
{{- end -}}
{{- end }}

{{- define "strw.pgTrickle.databasePort" -}}
{{- if .Values.externalPostgres.enabled -}}
{{ .Values.externalPostgres.port }}
{{- else -}}
{{ .Values.pgTrickle.service.port }}
{{- end -}}
{{- end }}

{{- define "strw.pgTrickle.sslmode" -}}
{{- if .Values.externalPostgres.enabled -}}
{{ .Values.externalPostgres.sslmode }}
{{- else if .Values.pgTrickle.postgres.tls.existingSecret -}}
verify-full
{{- else -}}
disable
{{- end -}}
{{- end }}

{{/* The Secret with the authority that signed PostgreSQL's certificate, or nothing. */}}
{{- define "strw.pgTrickle.caSecretName" -}}
{{- if .Values.externalPostgres.enabled -}}
{{ .Values.externalPostgres.caSecret.name }}
{{- else -}}
{{ .Values.pgTrickle.postgres.tls.existingSecret }}
{{- end -}}
{{- end }}

{{- define "strw.pgTrickle.caSecretKey" -}}
{{- if .Values.externalPostgres.enabled -}}
{{ .Values.externalPostgres.caSecret.key }}
{{- else -}}
ca.crt
{{- end -}}
{{- end }}

{{/* What is in that Secret now, base64, or nothing: it is not there yet, or there is no cluster to ask. */}}
{{- define "strw.pgTrickle.foundCa" -}}
{{- with include "strw.pgTrickle.caSecretName" . -}}
{{ get ((lookup "v1" "Secret" $.Release.Namespace .).data | default dict) (include "strw.pgTrickle.caSecretKey" $) }}
{{- end -}}
{{- end }}

{{/* ca.crt of the rewinds' Secret, base64, or nothing. Without it every rewind would fail to verify PostgreSQL, so say it now. */}}
{{- define "strw.pgTrickle.connectionCa" -}}
{{- $secret := include "strw.pgTrickle.caSecretName" . -}}
{{- $found := include "strw.pgTrickle.foundCa" . -}}
{{- if .Values.pgTrickle.connectionSecret.caCertificate -}}
{{ .Values.pgTrickle.connectionSecret.caCertificate | b64enc }}
{{- else if $found -}}
{{ $found }}
{{- else if and $secret (hasPrefix "verify-" (include "strw.pgTrickle.sslmode" .)) -}}
{{ fail (printf "Secret %s of namespace %s has no %s yet, or there is no cluster to ask; rewinds verify PostgreSQL by it. Make it before the release, or give the certificate in pgTrickle.connectionSecret.caCertificate, or a Secret of your own for rewinds (pgTrickle.existingSecret, or pgTrickle.connectionSecret.create: false)" $secret .Release.Namespace (include "strw.pgTrickle.caSecretKey" .)) }}
{{- end -}}
{{- end }}

{{/*
The generated passwords by key, base64, as YAML. Made once a rendering, as several templates look at them: what is there is kept.
*/}}
{{- define "strw.pgTrickle.passwords" -}}
{{- if not (hasKey .Values "renderedPasswords") -}}
{{- $kept := (lookup "v1" "Secret" .Release.Namespace (include "strw.pgTrickle.name" .)).data | default dict -}}
{{- $data := dict -}}
{{- range $key := list "postgres-password" "lake-password" "plans-password" "catalog-password" "operator-password" "scheduler-password" "generator-password" -}}
{{- $_ := set $data $key (get $kept $key | default (randAlphaNum 32 | b64enc)) -}}
{{- end -}}
{{- $_ := set .Values "renderedPasswords" $data -}}
{{- end -}}
{{ toYaml .Values.renderedPasswords }}
{{- end }}

{{/* Changes with what the generator connects by, as far as Helm can see it. */}}
{{- define "strw.pgTrickle.generatorChecksum" -}}
{{- $data := dict -}}
{{- if .Values.pgTrickle.existingSecret -}}
{{- $data = (lookup "v1" "Secret" .Release.Namespace .Values.pgTrickle.existingSecret).data | default dict -}}
{{- else -}}
{{- $data = include "strw.pgTrickle.passwords" . | fromYaml -}}
{{- end -}}
{{ printf "%s %s" (get $data "generator-password") (include "strw.pgTrickle.foundCa" .) | sha256sum }}
{{- end }}

{{/* A connection URI without password, which comes by PGPASSWORD. (dict "root" $ "user" … "database" … "local" bool) */}}
{{- define "strw.pgTrickle.uri" -}}
{{- $root := .root -}}
{{- $isLocal := and .local (not $root.Values.externalPostgres.enabled) -}}
{{- $host := include "strw.pgTrickle.databaseHost" $root -}}
{{- $port := include "strw.pgTrickle.databasePort" $root -}}
{{- $mode := include "strw.pgTrickle.sslmode" $root -}}
{{- if $isLocal -}}
postgresql://{{ .user }}@127.0.0.1:5432/{{ .database }}
{{- else -}}
postgresql://{{ .user }}@{{ $host }}:{{ $port }}/{{ .database }}?sslmode={{ $mode }}
{{- if and (ne $mode "disable") (include "strw.pgTrickle.caSecretName" $root) }}&sslrootcert=/etc/pgtrickle/postgres-ca/ca.crt{{ end }}
{{- end -}}
{{- end }}

{{/* The same for libpq, as DuckDB wants it; a primary that vanished without a word is noticed within seconds. */}}
{{- define "strw.pgTrickle.catalog" -}}
{{- $mode := include "strw.pgTrickle.sslmode" . -}}
{{- if .Values.externalPostgres.enabled -}}
host={{ include "strw.pgTrickle.databaseHost" . }} port={{ include "strw.pgTrickle.databasePort" . }} dbname={{ .Values.pgTrickle.database }} user=pgtrickle_catalog connect_timeout=10 keepalives_idle=5 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=20000 sslmode={{ $mode }}
{{- if and (ne $mode "disable") (include "strw.pgTrickle.caSecretName" .) }} sslrootcert=/etc/pgtrickle/postgres-ca/ca.crt{{ end }}
{{- else -}}
host=127.0.0.1 port=5432 dbname={{ .Values.pgTrickle.database }} user=pgtrickle_catalog
{{- end -}}
{{- end }}

{{/* (dict "root" $ "name" ENV "key" KEY) */}}
{{- define "strw.pgTrickle.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ include "strw.pgTrickle.secretName" .root }}
      key: {{ .key }}
{{- end }}

{{- define "strw.pgTrickle.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* A quantity of memory in MiB. */}}
{{- define "strw.pgTrickle.mebibytes" -}}
{{- $text := toString . -}}
{{- if hasSuffix "Gi" $text }}{{ mulf (trimSuffix "Gi" $text) 1024 | floor }}
{{- else if hasSuffix "Mi" $text }}{{ trimSuffix "Mi" $text }}
{{- else if hasSuffix "G" $text }}{{ mulf (trimSuffix "G" $text) 953.67 | floor }}
{{- else if hasSuffix "M" $text }}{{ mulf (trimSuffix "M" $text) 0.95367 | floor }}
{{- else }}{{ fail (printf "pgTrickle.lake.resources.limits.memory: %s has to end in Gi, Mi, G or M" $text) }}
{{- end }}
{{- end }}

{{/* DuckDB's limit: given, or 60 % of the container's, as DuckDB counts only its buffers and Node needs its share. */}}
{{- define "strw.pgTrickle.memoryLimit" -}}
{{- $lake := .Values.pgTrickle.lake -}}
{{- if $lake.memoryLimit -}}
{{ $lake.memoryLimit }}
{{- else if dig "limits" "memory" "" $lake.resources -}}
{{ mulf (include "strw.pgTrickle.mebibytes" $lake.resources.limits.memory) 0.6 | floor }}MiB
{{- else -}}
1GB
{{- end -}}
{{- end }}

{{/* Whether the bootstrap may be superuser: with one's own PostgreSQL an administrator may have done its work. */}}
{{- define "strw.pgTrickle.hasAdmin" -}}
{{- if or (not .Values.externalPostgres.enabled) .Values.externalPostgres.admin.secretName }}true{{ end -}}
{{- end }}

{{- define "strw.pgTrickle.hasLakeVolume" -}}
{{- if not .Values.pgTrickle.lake.s3.bucket }}true{{ end -}}
{{- end }}

{{- define "strw.pgTrickle.dataPath" -}}
{{- $s3 := .Values.pgTrickle.lake.s3 -}}
{{- if $s3.bucket -}}
s3://{{ $s3.bucket }}/{{ with $s3.prefix }}{{ trimAll "/" . }}/{{ end }}
{{- else -}}
/var/lib/pgtrickle/data
{{- end -}}
{{- end }}
