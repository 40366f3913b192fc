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
