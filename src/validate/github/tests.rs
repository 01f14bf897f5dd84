//! Workflows, and what is wrong with them.

use crate::validate::cases::Case;
use crate::validate::check;

const PATH: &str = ".github/workflows/ci.yml";

const SOUND: &str = "name: CI
on:
  push:
    branches: [main]
  pull_request:
  schedule:
    - cron: '30 4 * * 1-5'
  workflow_dispatch:
    inputs:
      level:
        type: string
permissions: {}
concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    permissions:
      contents: read
    strategy:
      matrix:
        node: [22, 24]
        include:
          - node: 24
            extra: yes
    services:
      db:
        image: postgres:17
        env:
          POSTGRES_PASSWORD: ${{ secrets.DB_PASSWORD }}
    outputs:
      tag: ${{ steps.meta.outputs.tag }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
      - id: meta
        name: Node ${{ matrix.node }} ${{ matrix.extra }}
        env:
          LEVEL: ${{ inputs.level }}
          API_TOKEN: ${{ secrets.API_TOKEN }}
        run: |
          echo one
          npm test -- \"$LEVEL\" ${{ github.sha }}
      - if: always() && steps.meta.outcome == 'failure'
        run: echo ${{ github.run_id }}
  deploy:
    needs: [test]
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    if: github.ref == 'refs/heads/main'
    steps:
      - run: echo \"$TAG\"
        env:
          TAG: ${{ needs.test.outputs.tag }}
";

const TARGET: &str = "on: pull_request_target
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
        with:
          ref: main
      - uses: docker://alpine:3.22
";

const CALLED: &str = "on:
  workflow_call:
    inputs:
      env: {type: string, required: true}
    secrets:
      KEY: {required: true}
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: ./deploy \"$KEY\"
        env:
          KEY: ${{ secrets.KEY }}
          ENV: ${{ inputs.env }}
";

const CALLS: &str = "on: push
permissions: {}
jobs:
  a:
    uses: ./.github/workflows/called.yml
    with:
      env: staging
    secrets:
      KEY: ${{ secrets.KEY }}
";

pub(in crate::validate) const CASES: &[Case] = &[
    Case {
        files: &[(PATH, SOUND)],
        breaks: &[
            ("branches: [main]", "branches: [main", "workflow-syntax", 5),
            ("branches:", "branchs:", "workflow-syntax", 4),
            ("  pull_request:", "  pull_requests:", "workflow-syntax", 5),
            ("30 4 * * 1-5", "30 24 * * 1-5", "workflow-syntax", 7),
            ("permissions: {}", "permissions: {}\nwhen: now", "workflow-syntax", 13),
            ("    runs-on: ubuntu-24.04\n", "", "workflow-syntax", 16),
            ("    timeout-minutes: 15\n", "    timeout: 15\n    timeout-minutes: 15\n", "workflow-syntax", 18),
            (
                "        run: |",
                "        uses: a/b@11bd71901bbe5b1630ceea73d27597364c9af683\n        run: |",
                "workflow-syntax",
                42,
            ),
            ("      - if: always()", "      - id: META\n        if: always()", "workflow-syntax", 44),
            ("contents: read", "contents: reed", "workflow-syntax", 20),
            ("contents: read", "content: read", "workflow-syntax", 20),
            ("${{ matrix.node }}", "${{ matrix.node", "workflow-expression", 37),
            ("${{ github.sha }}", "${{ git.sha }}", "workflow-expression", 43),
            ("${{ github.sha }}", "${{ github.sha + 1 }}", "workflow-expression", 43),
            ("if: github.ref ==", "if: github.ref =", "workflow-expression", 50),
            ("if: github.ref ==", "if: secrets.X ==", "workflow-expression", 50),
            ("if: github.ref ==", "if: steps.x.outcome ==", "workflow-expression", 50),
            ("matrix.extra", "matrix.os", "unknown-reference", 37),
            ("steps.meta.outputs", "steps.mta.outputs", "unknown-reference", 33),
            ("steps.meta.outcome", "steps.meta.result", "unknown-reference", 44),
            ("inputs.level", "inputs.lvl", "unknown-reference", 39),
            ("needs.test.outputs.tag", "needs.test.outputs.tags", "unknown-reference", 54),
            ("needs.test.outputs.tag", "needs.build.outputs.tag", "unknown-reference", 54),
            ("needs: [test]", "needs: [test, build]", "unknown-job", 47),
            ("  test:\n", "  test:\n    needs: deploy\n", "unknown-job", 17),
            ("@11bd71901bbe5b1630ceea73d27597364c9af683", "@v4", "unpinned-action", 35),
            ("postgres:17", "postgres", "unpinned-image", 29),
            ("${{ secrets.API_TOKEN }}", "hunter2-hunter2", "secret-in-file", 40),
            ("permissions: {}", "permissions: write-all", "broad-permissions", 12),
            ("permissions: {}", "permissions: {contents: write}", "broad-permissions", 12),
            ("permissions: {}\n", "", "broad-permissions", 45),
            ("\"$LEVEL\" ${{ github.sha", "\"$LEVEL\" ${{ github.event.head_commit.message", "script-injection", 43),
            ("\"$LEVEL\" ${{ github.sha", "${{ inputs.level", "script-injection", 43),
            ("\"$LEVEL\" ${{ github.sha", "${{ github.head_ref", "script-injection", 43),
            ("${{ github.run_id }}", "${{ secrets.API_TOKEN }}", "secret-in-command", 45),
            ("\"$LEVEL\" ${{ github.sha", "${{ toJSON(github)", "script-injection", 43),
            ("\"$LEVEL\" ${{ github.sha", "${{ toJSON(secrets)", "secret-in-command", 43),
            ("\"$LEVEL\" ${{ github.sha", "${{ env.LEVEL", "script-injection", 43),
            ("\"$LEVEL\" ${{ github.sha", "${{ env.API_TOKEN", "secret-in-command", 43),
            (
                "echo \"$TAG\"",
                "echo ${{ needs.test.outputs.tag }} ${{ env.TAG }} ${{ github.token }}",
                "secret-in-command",
                52,
            ),
            ("run: echo \"$TAG\"", "run: echo\n        shell: fish", "workflow-syntax", 53),
            ("run: echo \"$TAG\"", "run: echo\n        shell: /bin/bash {0}", "careless-script", 53),
            ("permissions: {}", "permissions: {}\ndefaults: {run: {shell: zsh}}", "workflow-syntax", 13),
            (
                "run: echo \"$TAG\"",
                "run: echo\n        shell: bash -c '${{ github.head_ref }}' -e {0}",
                "script-injection",
                53,
            ),
            ("    timeout-minutes: 15\n", "", "no-timeout", 16),
        ],
    },
    Case {
        files: &[(PATH, TARGET)],
        breaks: &[
            ("ref: main", "ref: ${{ github.event.pull_request.head.sha }}", "untrusted-checkout", 10),
            ("ref: main", "repository: ${{ github.event.pull_request.head.repo.full_name }}", "untrusted-checkout", 10),
            (
                "          ref: main",
                "          ref: ${{ env.REF }}\n        env:\n          REF: ${{ github.head_ref }}",
                "untrusted-checkout",
                10,
            ),
            (
                "uses: docker://alpine:3.22",
                "run: |\n          x\n          gh pr checkout \"$N\"",
                "untrusted-checkout",
                13,
            ),
            (
                "uses: docker://alpine:3.22",
                "run: git fetch origin $R\n        env: {R: 'refs/pull/${{ github.event.number }}/merge'}",
                "untrusted-checkout",
                11,
            ),
            ("alpine:3.22", "alpine", "unpinned-image", 11),
        ],
    },
    Case {
        files: &[(PATH, CALLS), (".github/workflows/called.yml", CALLED)],
        breaks: &[
            ("workflows/called.yml", "workflows/caled.yml", "unknown-file", 5),
            ("      env: staging", "      env: staging\n      stage: staging", "unknown-reference", 8),
            ("      env: staging", "      {}", "unknown-reference", 4),
            ("    secrets:\n      KEY: ${{ secrets.KEY }}", "    secrets: {}", "unknown-reference", 4),
            ("          KEY: ${{ secrets.KEY", "          KEY: ${{ secrets.KEYS", "unknown-reference", 15),
        ],
    },
];

#[test]
fn a_word_about_a_workflow_that_is_none() {
    for text in ["", "- a\n", "a\n", "a: 1\n---\nb: 2\n"] {
        assert!(check(PATH, text).iter().all(|fault| fault.rule == "workflow-syntax"), "{text}");
        assert!(!check(PATH, text).is_empty(), "{text}");
    }
}
