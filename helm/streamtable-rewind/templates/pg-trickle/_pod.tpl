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
