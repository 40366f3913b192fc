{{/* What bootstrap and seed are configured with; the same in both. */}}
{{- define "strw.pgTrickle.bootstrapEnv" -}}
{{- $t := .Values.pgTrickle -}}
{{- $e := .Values.externalPostgres -}}
{{- $user := "postgres" -}}
{{- if not (include "strw.pgTrickle.hasAdmin" .) }}
{{- else if $e.enabled }}
{{- $user = "$(PGUSER)" }}
- name: PGUSER
  valueFrom:
    secretKeyRef:
      name: {{ $e.admin.secretName }}
      key: {{ $e.admin.userKey }}
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ $e.admin.secretName }}
      key: {{ $e.admin.passwordKey }}
{{- else }}
{{- include "strw.pgTrickle.secretEnv" (dict "root" . "name" "PGPASSWORD" "key" "postgres-password") }}
{{- end }}
- name: ADMIN_URL
  value: {{ include "strw.pgTrickle.uri" (dict "root" . "user" $user "database" "postgres" "local" true) | quote }}
- name: DATABASE_NAME
  value: {{ $t.database }}
{{- if $e.enabled }}
- name: LAKE_HOST
  value: {{ include "strw.pgTrickle.lakeName" . }}.{{ .Release.Namespace }}.svc
- name: LAKE_PORT
  value: "5434"
- name: LAKE_SSLMODE
  value: verify-full
- name: LAKE_SSLROOTCERT
  value: {{ required "externalPostgres.lake.sslRootCert is needed: where your PostgreSQL has the engine's CA certificate" $e.lake.sslRootCert }}
{{- else }}
- name: LAKE_HOST
  value: /run/pgtrickle/lake
- name: LAKE_PORT
  value: "5433"
{{- end }}
{{- range $name, $key := dict "LAKE_PASSWORD" "lake-password" "PLANS_PASSWORD" "plans-password" "CATALOG_PASSWORD" "catalog-password" "OPERATOR_PASSWORD" "operator-password" "SCHEDULER_PASSWORD" "scheduler-password" "GENERATOR_PASSWORD" "generator-password" }}
{{ include "strw.pgTrickle.secretEnv" (dict "root" $ "name" $name "key" $key) }}
{{- end }}
- name: OPERATOR_ROLE
  value: {{ $t.roles.operator }}
- name: SCHEDULER_ROLE
  value: {{ $t.roles.scheduler }}
- name: GENERATOR_ROLE
  value: {{ $t.roles.generator }}
- name: LAKE_DATA_PATH
  value: {{ include "strw.pgTrickle.dataPath" . | quote }}
- name: PRIVATE_DIRS
  value: /run/pgtrickle/lake,/run/pgtrickle/private{{ if include "strw.pgTrickle.hasLakeVolume" . }},{{ include "strw.pgTrickle.dataPath" . }}{{ end }}
- name: LAKE_INIT_SOURCE
  value: /etc/pgtrickle/lake/lake.sql
- name: LAKE_INIT_TARGET
  value: /run/pgtrickle/private/lake.sql
{{- if $t.seed.enabled }}
- name: SEED_DIR
  value: /etc/pgtrickle/seed
{{- end }}
{{- with $t.lake.s3 }}
{{- if .bucket }}
- name: S3_CREDENTIALS
  value: {{ .credentials }}
{{- if eq .credentials "Secret" }}
- name: S3_KEY_ID
  valueFrom:
    secretKeyRef:
      name: {{ required "pgTrickle.lake.s3.credentialsSecret is needed, or pgTrickle.lake.s3.credentials: ServiceAccount" .credentialsSecret }}
      key: access-key-id
- name: S3_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .credentialsSecret }}
      key: secret-access-key
- name: S3_SESSION_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .credentialsSecret }}
      key: session-token
      optional: true
{{- end }}
- name: S3_ENDPOINT
  value: {{ .endpoint | quote }}
- name: S3_REGION
  value: {{ .region | quote }}
- name: S3_URL_STYLE
  value: {{ .urlStyle | quote }}
- name: S3_USE_SSL
  value: {{ .useSsl | quote }}
{{- if .caSecret.name }}
- name: S3_CA_FILE
  value: /etc/pgtrickle/s3-ca/ca.crt
{{- end }}
{{- end }}
{{- end }}
- name: WAIT_MS
  value: {{ $t.bootstrap.waitMs | quote }}
- name: LOG_LEVEL
  value: {{ $t.logLevel }}
{{- end }}
