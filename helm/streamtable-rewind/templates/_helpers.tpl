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
app.kubernetes.io/name: {{ include "strw.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* (dict "root" $ "component" "operator"); commonLabels win over all but the selector's, which strw.check refuses there. */}}
{{- define "strw.labels" -}}
{{- $own := include "strw.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "streamtable-rewind" -}}
{{- $_ := set $own "app.kubernetes.io/version" .root.Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") -}}
{{ merge dict (.root.Values.commonLabels | default dict) $own | toYaml }}
{{- end }}

{{/*
Of a pod that a new version of the chart alone is to leave in peace: selector's, commonLabels, and the pod's own.
(dict "root" $ "component" "generator" "labels" .Values.generator.podLabels)
*/}}
{{- define "strw.podLabels" -}}
{{ merge dict (.labels | default dict) (.root.Values.commonLabels | default dict) (include "strw.selectorLabels" . | fromYaml) | toYaml }}
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
{{ required "operator.serviceAccount.name is needed with create: false; `default` would give the operator's rights to each pod of the namespace" .Values.operator.serviceAccount.name }}
{{- end -}}
{{- end }}

{{/* Pull secrets of every pod, as a block of its specification, or nothing. */}}
{{- define "strw.imagePullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* A line of a claim's specification, or nothing for the cluster's default. The argument is the value. */}}
{{- define "strw.storageClassName" -}}
{{- if . -}}
storageClassName: {{ ternary "" . (eq . "-") | quote }}
{{- end -}}
{{- end }}
