{{/* Why values cannot be installed, told by the value's name. What the schema can say is said there. The argument is the root context. */}}

{{- define "strw.check" -}}
{{- include "strw.checkLabels" . -}}
{{- if .Values.operator.enabled -}}
{{- include "strw.operator.check" . -}}
{{- end -}}
{{- if and .Values.generator.enabled .Values.pgTrickle.enabled (not .Values.pgTrickle.seed.enabled) -}}
{{ fail "pgTrickle.seed.enabled: without it there is no table lake.events for the generator to write to; set generator.enabled to false as well" }}
{{- end -}}
{{- end }}

{{/* Selectors are made of these, and never change in the life of an object. */}}
{{- define "strw.checkLabels" -}}
{{- $reserved := keys (include "strw.selectorLabels" (dict "root" . "component" "any") | fromYaml) | sortAlpha -}}
{{- $given := dict "commonLabels" .Values.commonLabels "operator.podLabels" .Values.operator.podLabels "pgTrickle.podLabels" .Values.pgTrickle.podLabels "generator.podLabels" .Values.generator.podLabels -}}
{{- range $value, $labels := $given -}}
{{- range $reserved -}}
{{- if hasKey ($labels | default dict) . -}}
{{ fail (printf "%s: %s is the chart's own, as its selectors need it" $value .) }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
