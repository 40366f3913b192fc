{{/* Names and rules that several templates of the operator need. The argument is the root context. */}}

{{/* Short enough for what is put behind it. */}}
{{- define "strw.operator.name" -}}
{{ include "strw.fullname" . | trunc 44 | trimSuffix "-" }}-operator
{{- end }}

{{/* For objects without a namespace: two releases of one name, in two namespaces, get along. */}}
{{- define "strw.operator.clusterName" -}}
{{ printf "%s-%s" .Release.Namespace (include "strw.fullname" .) | trunc 200 | trimSuffix "-" }}-operator
{{- end }}

{{/* What the operator does with its own kind, and with what stands beside it: in the cluster, or in each watched namespace. */}}
{{- define "strw.operator.rules" -}}
- apiGroups: [pgtrickle.dev]
  resources: [streamtablerewinds]
  # patch: its finalizer; delete: ttlSecondsAfterFinished
  verbs: [get, list, watch, patch, delete]
- apiGroups: [pgtrickle.dev]
  resources: [streamtablerewinds/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* Part of strw.check. */}}
{{- define "strw.operator.check" -}}
{{- $election := .Values.leaderElection -}}
{{- if and (gt (int .Values.operator.replicas) 1) (not $election.enabled) -}}
{{ fail "operator.replicas: more than 1 needs leaderElection.enabled, else all of them would work at once" }}
{{- end -}}
{{- if ge (float64 $election.renewDeadlineSeconds) (float64 $election.leaseDurationSeconds) -}}
{{ fail "leaderElection.renewDeadlineSeconds has to be less than leaderElection.leaseDurationSeconds" }}
{{- end -}}
{{- if ge (mulf (float64 $election.retrySeconds) 2.0) (float64 $election.renewDeadlineSeconds) -}}
{{ fail "leaderElection.retrySeconds has to be less than half of leaderElection.renewDeadlineSeconds" }}
{{- end -}}
{{- if and .Values.operator.admissionPolicy.requireApproval (not .Values.operator.admissionPolicy.enabled) -}}
{{ fail "operator.admissionPolicy.requireApproval needs operator.admissionPolicy.enabled: without the policy nobody is refused" }}
{{- end -}}
{{- if and .Values.operator.admissionPolicy.enabled (not .Values.operator.admissionPolicy.users) (not .Values.operator.admissionPolicy.groups) -}}
{{ fail "operator.admissionPolicy: name users or groups that may approve, else nobody can" }}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled -}}
{{ fail "monitoring: serviceMonitor and podMonitor would both scrape the operator; enable one of them" }}
{{- end -}}
{{- end }}
