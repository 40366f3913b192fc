{{/*
The pod of pg_trickle. Init containers that keep running start in this order and stop in the reverse one, after the main
container: PostgreSQL, then the lake engine beside it, the scheduler last. So the engine commits while its catalog still
answers, and PostgreSQL is the last to go. With one's own PostgreSQL the pod is the same without that container.
*/}}
{{- define "strw.pgTrickle.podSpec" -}}
{{- $t := .Values.pgTrickle }}
{{- $external := .Values.externalPostgres.enabled }}
serviceAccountName: {{ $t.serviceAccountName | default "default" }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ $t.terminationGracePeriodSeconds }}
{{- with $t.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml $t.podSecurityContext | nindent 2 }}
{{- with $t.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $t.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $t.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
initContainers:
  {{- if not $external }}
  {{- include "strw.pgTrickle.postgresContainer" . | trim | nindent 2 }}
  {{- end }}
  - name: bootstrap
    image: {{ include "strw.image" (dict "root" . "image" $t.image) }}
    imagePullPolicy: {{ $t.image.pullPolicy }}
    args: [pg_trickle/bootstrap/main.ts, {{ ternary "init" "files" (eq (include "strw.pgTrickle.hasAdmin" .) "true") }}]
    securityContext:
      {{- include "strw.pgTrickle.containerSecurityContext" . | nindent 6 }}
    env:
      {{- include "strw.pgTrickle.bootstrapEnv" . | trim | nindent 6 }}
    volumeMounts:
      {{- include "strw.pgTrickle.engineMounts" . | trim | nindent 6 }}
      - name: lake-sql
        mountPath: /etc/pgtrickle/lake
        readOnly: true
    resources:
      {{- toYaml $t.bootstrap.resources | nindent 6 }}
  {{- include "strw.pgTrickle.engineContainer" . | trim | nindent 2 }}
  {{- if include "strw.pgTrickle.hasAdmin" . }}
  - name: seed
    image: {{ include "strw.image" (dict "root" . "image" $t.image) }}
    imagePullPolicy: {{ $t.image.pullPolicy }}
    args: [pg_trickle/bootstrap/main.ts, seed]
    securityContext:
      {{- include "strw.pgTrickle.containerSecurityContext" . | nindent 6 }}
    env:
      {{- include "strw.pgTrickle.bootstrapEnv" . | trim | nindent 6 }}
    volumeMounts:
      {{- include "strw.pgTrickle.engineMounts" . | trim | nindent 6 }}
      {{- if $t.seed.enabled }}
      - name: seed
        mountPath: /etc/pgtrickle/seed
        readOnly: true
      {{- end }}
    resources:
      {{- toYaml $t.bootstrap.resources | nindent 6 }}
  {{- end }}
containers:
  - name: scheduler
    image: {{ include "strw.image" (dict "root" . "image" $t.image) }}
    imagePullPolicy: {{ $t.image.pullPolicy }}
    args: [pg_trickle/scheduler/main.ts]
    securityContext:
      {{- include "strw.pgTrickle.containerSecurityContext" . | nindent 6 }}
    env:
      - name: DATABASE_URL
        value: {{ include "strw.pgTrickle.uri" (dict "root" . "user" $t.roles.scheduler "database" $t.database "local" true) | quote }}
      {{- include "strw.pgTrickle.secretEnv" (dict "root" . "name" "PGPASSWORD" "key" "scheduler-password") | nindent 6 }}
      - name: LOG_LEVEL
        value: {{ $t.logLevel }}
      {{- if $t.scheduler.metrics.enabled }}
      - name: METRICS_ADDRESS
        value: ":9188"
      {{- end }}
      {{- with $t.scheduler.env }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
    {{- if $t.scheduler.metrics.enabled }}
    ports:
      - name: metrics
        containerPort: 9188
    {{- end }}
    volumeMounts:
      {{- include "strw.pgTrickle.caMount" . | nindent 6 }}
      - name: tmp
        mountPath: /tmp
    resources:
      {{- toYaml $t.scheduler.resources | nindent 6 }}
volumes:
  - name: tmp
    emptyDir: {}
  - name: sockets
    emptyDir: {}
  - name: spill
    emptyDir:
      sizeLimit: {{ $t.lake.spillSizeLimit }}
  - name: lake-sql
    configMap:
      name: {{ include "strw.pgTrickle.name" . }}-lake
  {{- if $t.seed.enabled }}
  - name: seed
    configMap:
      name: {{ include "strw.pgTrickle.name" . }}-seed
  {{- end }}
  {{- with include "strw.pgTrickle.caSecretName" . }}
  - name: postgres-ca
    secret:
      secretName: {{ . }}
      items:
        - key: {{ include "strw.pgTrickle.caSecretKey" $ }}
          path: ca.crt
  {{- end }}
  {{- if include "strw.pgTrickle.hasS3Ca" . }}
  - name: s3-ca
    secret:
      secretName: {{ $t.lake.s3.caSecret.name }}
      items:
        - key: {{ $t.lake.s3.caSecret.key }}
          path: ca.crt
  {{- end }}
  {{- if $external }}
  - name: lake-tls
    secret:
      secretName: {{ include "strw.pgTrickle.lakeTlsSecretName" . }}
  {{- if include "strw.pgTrickle.hasLakeVolume" . }}
  - name: lake
    persistentVolumeClaim:
      claimName: {{ $t.lake.persistence.existingClaim | default (include "strw.pgTrickle.lakeName" .) }}
  {{- end }}
  {{- else }}
  - name: postgres-run
    emptyDir: {}
  # Parallel queries share memory through files; the default of 64 MiB is soon used up.
  - name: shm
    emptyDir:
      medium: Memory
      sizeLimit: {{ $t.postgres.sharedMemorySizeLimit }}
  {{- with $t.postgres.tls.existingSecret }}
  - name: postgres-tls
    secret:
      secretName: {{ . }}
      # PostgreSQL refuses a key that others may read.
      defaultMode: 0440
  {{- end }}
  {{- end }}
{{- end }}

{{- define "strw.pgTrickle.caMount" -}}
{{- if include "strw.pgTrickle.caSecretName" . }}
- name: postgres-ca
  mountPath: /etc/pgtrickle/postgres-ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "strw.pgTrickle.hasS3Ca" -}}
{{- with .Values.pgTrickle.lake.s3 }}{{ if and .bucket .caSecret.name }}true{{ end }}{{ end -}}
{{- end }}

{{- define "strw.pgTrickle.engineMounts" -}}
{{- include "strw.pgTrickle.caMount" . }}
- name: tmp
  mountPath: /tmp
- name: sockets
  mountPath: /run/pgtrickle
- name: spill
  mountPath: /var/tmp/pgtrickle
{{- if include "strw.pgTrickle.hasLakeVolume" . }}
- name: lake
  mountPath: /var/lib/pgtrickle
{{- end }}
{{- end }}

{{- define "strw.pgTrickle.postgresContainer" -}}
{{- $t := .Values.pgTrickle -}}
{{- $p := $t.postgres -}}
- name: postgres
  image: {{ include "strw.image" (dict "root" . "image" $p.image) }}
  imagePullPolicy: {{ $p.image.pullPolicy }}
  restartPolicy: Always
  # Two servers on one volume destroy it, and neither notices: each is process 1 in namespaces of its own. A pod that is deleted
  # by force goes on for a second or two beside its successor, which therefore waits for a lock that ends with the last process.
  command:
    - bash
    - -c
    - |
      trap 'exit 0' INT TERM
      exec 9>/var/lib/postgresql/in-use
      flock --nonblock 9 || echo "waiting until the PostgreSQL before this one has left the volume"
      until flock --nonblock 9; do sleep 0.2; done
      exec docker-entrypoint.sh "$@"
    - entrypoint
  args:
    - postgres
    {{- $tls := ternary (dict "ssl" "on" "ssl_cert_file" "/etc/pgtrickle/postgres-tls/tls.crt" "ssl_key_file" "/etc/pgtrickle/postgres-tls/tls.key") dict (ne $p.tls.existingSecret "") }}
    {{- range $name, $value := merge dict $p.settings $tls (dict "listen_addresses" "*" "cluster_name" (include "strw.fullname" .)) }}
    - -c
    - {{ printf "%s=%v" $name $value | quote }}
    {{- end }}
  securityContext:
    {{- include "strw.pgTrickle.containerSecurityContext" . | nindent 4 }}
  ports:
    - name: postgres
      containerPort: 5432
  env:
    {{- include "strw.pgTrickle.secretEnv" (dict "root" . "name" "POSTGRES_PASSWORD" "key" "postgres-password") | nindent 4 }}
    - name: PGDATA
      value: /var/lib/postgresql/18/docker
    # Nobody gets in without a password, not even from inside the pod; the sort order is the same on every machine.
    - name: POSTGRES_INITDB_ARGS
      value: --auth=scram-sha-256 --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8
    # DuckLake recognises a conflict by its English text.
    - name: LC_ALL
      value: C
  # Recovery after a crash may take long, and stopping it would only make it start anew.
  startupProbe:
    exec:
      command: [pg_isready, --quiet, --host=127.0.0.1, --port=5432, --username=postgres]
    periodSeconds: 2
    timeoutSeconds: 5
    failureThreshold: 900
  readinessProbe:
    exec:
      command: [pg_isready, --quiet, --host=127.0.0.1, --port=5432, --username=postgres]
    periodSeconds: 5
    timeoutSeconds: 5
    failureThreshold: 3
  volumeMounts:
    - name: postgres
      mountPath: /var/lib/postgresql
    - name: postgres-run
      mountPath: /var/run/postgresql
    - name: shm
      mountPath: /dev/shm
    - name: tmp
      mountPath: /tmp
    - name: sockets
      mountPath: /run/pgtrickle
    {{- if $p.tls.existingSecret }}
    - name: postgres-tls
      mountPath: /etc/pgtrickle/postgres-tls
      readOnly: true
    {{- end }}
  resources:
    {{- toYaml $p.resources | nindent 4 }}
{{- end }}

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
