{{/*
Engine and scheduler have no probes: pausing and rewinding by the journal work without either, so they must keep nobody away
from PostgreSQL. The engine's watchdog kills an engine that does not answer, kubelet restarts what has ended, and the database
says in pgtrickle.pgt_stream_tables whether engine and scheduler live.
*/}}
{{- define "strw.pgTrickle.engineContainer" -}}
{{- $t := .Values.pgTrickle -}}
- name: lake
  image: {{ include "strw.image" (dict "root" . "image" $t.image) }}
  imagePullPolicy: {{ $t.image.pullPolicy }}
  restartPolicy: Always
  args: [pg_trickle/lake/main.ts]
  securityContext:
    {{- include "strw.pgTrickle.containerSecurityContext" . | nindent 4 }}
  env:
    - name: LAKE_CATALOG
      value: {{ include "strw.pgTrickle.catalog" . | quote }}
    {{- include "strw.pgTrickle.secretEnv" (dict "root" . "name" "PGPASSWORD" "key" "catalog-password") | nindent 4 }}
    {{- include "strw.pgTrickle.secretEnv" (dict "root" . "name" "LAKE_PASSWORD" "key" "lake-password") | nindent 4 }}
    {{- include "strw.pgTrickle.secretEnv" (dict "root" . "name" "PLANS_PASSWORD" "key" "plans-password") | nindent 4 }}
    - name: LAKE_DATA_PATH
      value: {{ include "strw.pgTrickle.dataPath" . | quote }}
    - name: LAKE_SOCKET_DIR
      value: /run/pgtrickle/lake
    - name: LAKE_PORT
      value: "5433"
    - name: LAKE_INIT_FILE
      value: /run/pgtrickle/private/lake.sql
    - name: LAKE_TEMP_DIRECTORY
      value: /var/tmp/pgtrickle/duckdb
    - name: LAKE_MEMORY_LIMIT
      value: {{ include "strw.pgTrickle.memoryLimit" . | quote }}
    - name: LAKE_THREADS
      value: {{ $t.lake.threads | quote }}
    - name: LAKE_MAX_SESSIONS
      value: {{ $t.lake.maxSessions | quote }}
    - name: LOG_LEVEL
      value: {{ $t.logLevel }}
    {{- if .Values.externalPostgres.enabled }}
    - name: LAKE_LISTEN
      value: 0.0.0.0:5434
    - name: LAKE_TLS_CERT
      value: /etc/pgtrickle/lake-tls/tls.crt
    - name: LAKE_TLS_KEY
      value: /etc/pgtrickle/lake-tls/tls.key
    {{- end }}
    {{- with $t.lake.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if .Values.externalPostgres.enabled }}
  ports:
    - name: lake
      containerPort: 5434
  {{- end }}
  volumeMounts:
    {{- include "strw.pgTrickle.engineMounts" . | trim | nindent 4 }}
    {{- if include "strw.pgTrickle.hasS3Ca" . }}
    - name: s3-ca
      mountPath: /etc/pgtrickle/s3-ca
      readOnly: true
    {{- end }}
    {{- if .Values.externalPostgres.enabled }}
    - name: lake-tls
      mountPath: /etc/pgtrickle/lake-tls
      readOnly: true
    {{- end }}
  resources:
    {{- toYaml $t.lake.resources | nindent 4 }}
{{- end }}
