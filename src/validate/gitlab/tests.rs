//! Pipelines of GitLab, and what is wrong with them.

use crate::validate::cases::Case;

const SOUND: &str = "stages: [check, build, deploy]
default:
  image: node:22
  timeout: 20 minutes
variables:
  MODE: latest
.base:
  before_script:
    - npm ci
test:
  extends: .base
  stage: check
  services:
    - name: postgres:17
  variables:
    POSTGRES_PASSWORD: $TEST_PASSWORD
  script:
    - !reference [.base, before_script]
    - npm test
  rules:
    - if: $CI_PIPELINE_SOURCE == 'push'
build:
  stage: build
  needs: [test]
  script: |
    echo one
    echo \"$REGISTRY_TOKEN\" | docker login --password-stdin
  artifacts: {paths: [dist]}
deploy:
  stage: deploy
  needs:
    - job: build
  dependencies: [build]
  when: manual
  script: [./deploy.sh]
";

pub(in crate::validate) const CASES: &[Case] = &[
    Case {
        files: &[(".gitlab-ci.yml", SOUND), ("deploy.sh", "#!/bin/sh\nset -eu\n")],
        breaks: &[
            ("[./deploy.sh]", "[./deploy-it.sh]", "unknown-file", 35),
            ("    echo one", "    IMAGES=x bash infra/deploy.sh staging", "unknown-file", 26),
            ("[check, build, deploy]", "[check, build, deploy", "pipeline-syntax", 2),
            ("  script: [./deploy.sh]\n", "", "pipeline-syntax", 29),
            ("  when: manual", "  when: sometimes", "pipeline-syntax", 34),
            ("  artifacts:", "  artefacts:", "pipeline-syntax", 28),
            ("    - if: $CI", "    - iff: $CI", "pipeline-syntax", 21),
            ("  rules:\n", "  only: [main]\n  rules:\n", "pipeline-syntax", 20),
            ("stage: check", "stage: checks", "unknown-stage", 12),
            ("needs: [test]", "needs: [tests]", "unknown-job", 24),
            ("dependencies: [build]", "dependencies: [built]", "unknown-job", 33),
            ("extends: .base", "extends: .bases", "unknown-job", 11),
            ("  stage: check\n", "  stage: build\n  needs: [build]\n", "unknown-job", 13),
            ("[.base, before_script]", "[.base, script]", "unknown-reference", 18),
            ("image: node:22", "image: node", "unpinned-image", 3),
            ("postgres:17", "postgres:latest", "unpinned-image", 14),
            ("image: node:22", "image: node:$MODE", "unpinned-image", 3),
            ("MODE: latest", "MODE: postgres://a:hunter2@db", "secret-in-file", 6),
            ("  variables:\n", "  image: $BASE\n  variables:\n    BASE: {value: node}\n", "unpinned-image", 15),
            ("$TEST_PASSWORD", "test", "secret-in-file", 16),
            ("echo one", "echo $REGISTRY_TOKEN", "secret-in-output", 26),
            (
                "  timeout: 20 minutes\n",
                "  timeout: 20 minutes\n  before_script: [echo $API_TOKEN]\n",
                "secret-in-output",
                5,
            ),
        ],
    },
    Case {
        files: &[(
            ".gitlab-ci.yml",
            "include:\n  - project: a/b\n    ref: v1\n    file: x.yml\ntest:\n  extends: .other\n  script: [a]\n",
        )],
        breaks: &[("    ref: v1\n", "", "unpinned-action", 2)],
    },
    Case {
        files: &[
            (".gitlab-ci.yml", "include:\n  - local: /ci/build.gitlab-ci.yml\n"),
            ("ci/build.gitlab-ci.yml", "test:\n  timeout: 1h\n  script: [a]\n"),
        ],
        breaks: &[("ci/build.gitlab", "ci/bild.gitlab", "unknown-file", 2)],
    },
    Case {
        files: &[(".gitlab-ci.yml", "test:\n  timeout: 1h\n  script: [a]\n")],
        breaks: &[("  timeout: 1h\n", "", "no-timeout", 1)],
    },
];
