//! Charts of Helm, and what is wrong with them.

use crate::validate::cases::Case;

const TEMPLATE: &str = "{{- /* The app. }} */ -}}
{{- if .Values.enabled }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"shop.name\" . }}
spec:
  replicas: {{ .Values.replicas | default 2 }}
  image: {{ printf \"%s:%s\" .Values.image.name .Values.image.tag }}
  {{- with .Values.annotations.more }}
  annotations: {{ toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
";

const VALUES: &str = "enabled: true
replicas: 2
image:
  name: shop
  tag: '1.4'
annotations: {}
auth:
  existingSecret: shop-env
  password: ''
";

pub(in crate::validate) const CASES: &[Case] = &[Case {
    files: &[
        ("k8s/helm/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.2.3\n"),
        ("k8s/helm/shop/values.yaml", VALUES),
        (
            "k8s/helm/shop/values-production.yaml",
            "replicas: 4\nimage: {tag: '1.5'}\nannotations:\n  more:\n    any: thing\n",
        ),
        ("k8s/helm/shop/templates/_helpers.tpl", "{{- define \"shop.name\" -}}shop{{- end }}\n"),
        ("k8s/helm/shop/templates/app.yaml", TEMPLATE),
    ],
    breaks: &[
        ("version: 1.2.3", "version: 1.2", "chart-syntax", 3),
        ("version: 1.2.3\n", "", "chart-syntax", 1),
        ("version: 1.2.3", "version: 1.2.3\nvalues: 1", "chart-syntax", 4),
        ("version: 1.2.3", "version: 1.2.3\ndependencies:\n  - name: postgresql", "unpinned-image", 5),
        ("image:\n", "image: [\n", "chart-syntax", 5),
        ("  {{- end }}\n", "", "chart-syntax", 2),
        ("{{- if .Values.enabled }}\n", "", "chart-syntax", 12),
        ("{{ toYaml . | nindent 4 }}", "{{ toYaml . | nindent 4", "chart-syntax", 11),
        (".Values.replicas", ".Values.replica", "unknown-reference", 8),
        (".Values.image.tag", ".Values.image.version", "unknown-reference", 9),
        ("include \"shop.name\"", "include \"shop.nam\"", "unknown-reference", 6),
        ("replicas: 4", "replica: 4", "unknown-reference", 1),
        ("{tag: '1.5'}", "{tags: '1.5'}", "unknown-reference", 2),
        ("password: ''", "password: hunter2", "secret-in-file", 9),
        ("tag: '1.4'", "tag: latest", "unpinned-image", 5),
    ],
}];
