//! What careful people write by hand, where a check was once too narrow: none of it is a fault.

use std::collections::BTreeMap;

use super::cases::Case;
use super::check_all;

const POD: &str = "apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: web
          image: acme/web:1
          args: [--listen, '8080']
          env: [{name: A, value: b}]
";

const ACTION: &str = "name: Set up
description: Node
inputs:
  version: {default: '22'}
outputs:
  hit: {value: \"${{ steps.cache.outputs.hit }}\"}
runs:
  using: composite
  steps:
    - id: cache
      uses: actions/cache@6849a6489940f00c2f30c0fb92c6274307ccb58a # v4.1.2
    - run: npm ci \"$VERSION\"
      shell: bash
      env: {VERSION: \"${{ inputs.version }}\"}
";

const FIREWALL: &str = "resource \"aws_network_acl\" \"a\" {
  ingress {
    action     = \"allow\"
    cidr_block = \"10.0.0.0/8\"
    from_port  = 22
    to_port    = 22
  }
}
resource \"azurerm_network_security_rule\" \"b\" {
  direction              = \"inbound\"
  access                 = \"allow\"
  source_address_prefix  = \"10.0.0.0/8\"
  destination_port_range = \"22\"
}
resource \"aws_ecs_task_definition\" \"c\" {
  container_definitions = <<EOT
[{\"name\": \"web\", \"environment\": [{\"name\": \"A_TOKEN\", \"value\": \"\"}]}]
EOT
}
resource \"aws_instance\" \"d\" {
  root_block_device { encrypted = true }
  user_data = <<-EOT
    #!/bin/sh
    export A=b
    EOT
}
resource \"aws_lambda_function\" \"e\" {
  environment { variables = { API_TOKEN = base64encode(var.x) } }
}
variable \"x\" { default = 1 }
terraform {
  required_version = \"1\"
  required_providers {
    aws     = { version = \"5\" }
    azurerm = { version = \"4\" }
  }
}
";

/// What was once seen by no check.
pub(super) const CASES: &[Case] = &[
    Case {
        files: &[(
            "compose.yaml",
            "services:
  cache:
    image: valkey/valkey:8
    command: [valkey-server, --save, '']
    labels: {a: b}
    configs: [c]
configs:
  c:
    content: |
      level: info
",
        )],
        breaks: &[
            ("--save, ''", "--requirepass, hunter2", "secret-in-file", 4),
            ("{a: b}", "{api.token: hunter2}", "secret-in-file", 5),
            ("level: info", "level: info\n      password: hunter2", "secret-in-file", 11),
        ],
    },
    Case {
        files: &[("k8s/rollout.yaml", POD)],
        breaks: &[
            ("acme/web:1", "acme/web", "unpinned-image", 9),
            ("          image", "          securityContext: {privileged: true}\n          image", "host-access", 9),
            ("{name: A, value: b}", "{name: A_TOKEN, value: hunter2}", "secret-in-file", 11),
            ("--listen, '8080'", "--api-token, hunter2", "secret-in-file", 10),
            ("    spec:\n", "    spec:\n      hostNetwork: true\n", "host-access", 7),
        ],
    },
    Case {
        files: &[
            (
                "k8s/config.json",
                "{\n\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n\"metadata\": {\"name\": \"a\"},\n\"data\": {\"A\": \"b\"}\n}\n",
            ),
            ("k8s/dashboard.json", "{\"panels\": []}\n"),
            (
                "k8s/files.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  app.yaml: |\n    a: b\n    c: d\n",
            ),
        ],
        breaks: &[
            ("\"A\": \"b\"", "\"A_TOKEN\": \"hunter2\"", "secret-in-file", 4),
            ("    c: d", "    password: hunter2", "secret-in-file", 7),
        ],
    },
    Case {
        files: &[(".github/actions/setup/action.yml", ACTION)],
        breaks: &[
            ("      shell: bash\n", "", "workflow-syntax", 12),
            ("inputs.version }}", "inputs.versions }}", "unknown-reference", 14),
            ("steps.cache.outputs", "steps.cash.outputs", "unknown-reference", 6),
            ("@6849a6489940f00c2f30c0fb92c6274307ccb58a", "@v4", "unpinned-action", 11),
            ("\"$VERSION\"", "${{ inputs.version }}", "script-injection", 12),
            ("inputs.version }}", "secrets.A }}", "workflow-expression", 14),
            ("composite", "compose", "workflow-syntax", 8),
        ],
    },
    Case {
        files: &[("infra/main.tf", FIREWALL)],
        breaks: &[
            ("10.0.0.0/8", "0.0.0.0/0", "open-admin-port", 4),
            ("= \"10.0.0.0/8\"\n  destination", "= \"*\"\n  destination", "open-admin-port", 12),
            ("\"value\": \"\"", "\"value\": \"hunter2\"", "secret-in-file", 17),
            ("export A=b", "export A_TOKEN=hunter2", "secret-in-file", 24),
            ("base64encode(var.x)", "base64encode(\"hunter2\")", "secret-in-file", 28),
        ],
    },
    Case {
        files: &[(
            "cloudformation/main.yaml",
            "Resources:
  Db:
    Type: AWS::RDS::DBCluster
    Properties:
      StorageEncrypted: true
      MasterUserPassword: !Sub '{{resolve:ssm-secure:${AWS::StackName}}}'
  Vm:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        UserData:
          Fn::Base64: !Sub |
            #!/bin/sh
            export A=${AWS::Region}
",
        )],
        breaks: &[
            ("{{resolve:ssm-secure:${AWS::StackName}}}", "hunter2-${AWS::Region}", "secret-in-file", 6),
            ("export A=${AWS::Region}", "export A_TOKEN=hunter2", "secret-in-file", 14),
        ],
    },
    Case {
        files: &[(
            "Jenkinsfile",
            "def token = credentialsId('x')
def tokenId = 'npm-token'
node {
  env.A = 'b'
  withEnv(['B=c']) { sh 'make' }
}
",
        )],
        breaks: &[
            ("credentialsId('x')", "'hunter2'", "secret-in-file", 1),
            ("env.A = 'b'", "env.A_TOKEN = 'hunter2'", "secret-in-file", 4),
            ("'B=c'", "'B_TOKEN=hunter2'", "secret-in-file", 5),
            ("'make'", "'export A_TOKEN=hunter2'", "secret-in-file", 5),
        ],
    },
    Case {
        files: &[
            (
                "infra/bicep/main.bicep",
                "param name string\n@secure()\nparam dbPassword string\noutput a string = name\n",
            ),
            (
                "infra/bicep/prod.bicepparam",
                "using './main.bicep'\nparam name = 'shop'\nparam dbPassword = readEnvironmentVariable('DB')\n",
            ),
        ],
        breaks: &[
            ("readEnvironmentVariable('DB')", "'hunter2'", "secret-in-file", 3),
            ("param name = ", "param nane = '' \nparam name = ", "unknown-reference", 2),
            ("using './main.bicep'", "using './other.bicep'", "unknown-file", 1),
            ("param name = 'shop'\n", "", "missing-value", 1),
            ("param name = 'shop'\n", "param name = 'shop'\nresource x = 1\n", "bicep-syntax", 3),
        ],
    },
];

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
