{{/* Names, labels and images that all templates share. Every name below takes the root context, unless it says otherwise. */}}

{{- define "strw.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "strw.fullname" -}}
{{- $name := include "strw.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{/* What never changes in the life of an object. (dict "root" $ "component" "operator") */}}
{{- define "strw.selectorLabels" -}}
app.kubernetes.io/name: {{ include "strw.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* (dict "root" $ "component" "operator") */}}
{{- define "strw.labels" -}}
{{ include "strw.selectorLabels" . }}
app.kubernetes.io/part-of: streamtable-rewind
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (dict "root" $ "image" .Values.operator.image): by digest if there is one, else by tag. */}}
{{- define "strw.image" -}}
{{- if .image.digest -}}
{{ .image.repository }}@{{ .image.digest }}
{{- else -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The operator's. */}}
{{- define "strw.serviceAccountName" -}}
{{- if .Values.operator.serviceAccount.create -}}
{{ .Values.operator.serviceAccount.name | default (include "strw.operator.name" .) }}
{{- else -}}
{{ .Values.operator.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{/* Pull secrets of every pod, as a block of its specification, or nothing. */}}
{{- define "strw.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
