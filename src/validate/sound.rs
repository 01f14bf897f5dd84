//! What careful people write by hand, where a check was once too narrow: none of it is a fault.

use std::collections::BTreeMap;

use super::check_all;

/// Files that belong together.
type Sound = &'static [(&'static str, &'static str)];

const SOUND: &[Sound] = &[
    // A stage chosen by an argument; nothing is copied as a whole, so there is nothing to keep out.
    &[(
        "Dockerfile",
        "ARG V=prod\nFROM nginxinc/nginx-unprivileged:1.27 AS prod\nFROM ${V} AS last\nENV TOKENIZERS_PARALLELISM=0\n",
    )],
    // One file over another.
    &[
        ("compose.yaml", "services:\n  db:\n    image: postgres:17\n    ports: ['127.0.0.1:5432:5432']\n"),
        (
            "compose.prod.yaml",
            "services:\n  db:\n    restart: always\n    ports: !reset []\n    environment: {TOKEN_FORMAT: jwt}\n",
        ),
    ],
    &[(
        ".github/workflows/release.yml",
        "on: push
permissions: {contents: write}
jobs:
  release:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: ./x \"${{ github.event.pull_request && 'yes' || 'no' }}\" \"${{ contains(github.ref, '-') }}\"
",
    )],
    // Lines that others refer to.
    &[(
        ".gitlab-ci.yml",
        ".scripts:\n  login: [docker login]\nbuild:\n  timeout: 1h\n  script:\n    - !reference [.scripts, login]\n",
    )],
    &[("Jenkinsfile", "@Library('acme@v1') _\n\nacmePipeline {\n    tests = ['unit']\n}\n")],
    &[(
        "Jenkinsfile",
        "def call(Map c) {\n  pipeline {\n    agent any\n    options { timeout(time: 1) }\n    stages {\n      stage('a') { \
         steps { script { def m = v =~ /a\\/b\"c/ } } }\n    }\n  }\n}\n",
    )],
    &[(
        "infra/main.tf",
        "moved {\n  from = aws_subnet.old\n  to   = aws_vpc.new\n}\nremoved {\n  from = aws_instance.gone\n}\nresource \
         \"aws_vpc\" \"new\" {}\nterraform {\n  required_version = \"1\"\n  required_providers {\n    aws = { version = \
         \"5\" }\n  }\n}\nvariable \"token_ttl_minutes\" { default = 60 }\n",
    )],
    &[
        (
            "cloudformation/main.yaml",
            "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Timeout: 3}}\nResources:\n  \
             A: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: 's3://a/b'}}}\n",
        ),
        ("cloudformation/samconfig.yaml", "version: 0.1\ndefault: {deploy: {parameters: {}}}\n"),
    ],
    &[
        (
            "infra/arm/main.json",
            "{\n  // why\n  \"$schema\": \"https://a/deploymentTemplate.json#\", /* two\n  lines */ \"contentVersion\": \
             \"1.0.0.0\",\n  \"resources\": []\n}\n",
        ),
        ("infra/arm/rules.json", "{\"a\": \"//\"}\n"),
    ],
    &[(
        "infra/bicep/main.bicep",
        "param s object\nvar a = s.?level ?? 'x'\n#disable-next-line outputs-should-not-contain-secrets\noutput b string = a\n",
    )],
    &[(
        "k8s/rest.yaml",
        "- {op: replace, path: /spec/replicas, value: 2}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: fn}
---
apiVersion: v1
kind: Secret
metadata: {name: a}
stringData: {password: '<path:secret/data/db#password>'}
---
apiVersion: v1
kind: Secret
metadata: {name: b}
data: {password: 'ENC[x]'}
sops: {version: 3.9.0}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {PASSWORD_POLICY: strict, TOKEN_ISSUER: 'https://id'}
",
    )],
    &[
        ("charts/a/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
        ("charts/a/values.yaml", "auth: {secretKeys: {adminPasswordKey: password}}\n"),
        (
            "charts/a/templates/a.yaml",
            "{{- if .Values.nameOverride }}\na: {{ .Values.nameOverride }}\n{{- end }}\nb: {{ default 1 .Values.many }}\n",
        ),
    ],
];

#[test]
fn what_careful_people_write_is_no_fault() {
    for files in SOUND {
        let files: BTreeMap<String, String> =
            files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        assert_eq!(check_all(&files), [], "{files:#?}");
    }
}

#[test]
fn what_only_seems_so_is_one() {
    let faults = |path: &str, text: &str| {
        let files = BTreeMap::from([(path.to_owned(), text.to_owned())]);
        check_all(&files).into_iter().map(|fault| (fault.rule, fault.line)).collect::<Vec<_>>()
    };
    let over = "services:\n  db: {restart: always}\n";
    assert_eq!(faults("compose.dev.yaml", over), [("compose-syntax", Some(2))]);
    assert_eq!(faults("Jenkinsfile", "pipelin {\n  agent any\n}\n"), [("pipeline-syntax", None)]);
    assert_eq!(faults("k8s/a.yaml", "- {op: replace}\n")[0], ("manifest-syntax", Some(1)));
    assert_eq!(faults("infra/arm/a.json", "{\n// a\n\"resources\": [],}\n"), [("template-syntax", Some(3))]);
}
