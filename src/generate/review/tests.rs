//! The reviewer's rules, each where it fires and where it does not; and the judging.

use super::*;

fn draft(files: &[(&str, &str)]) -> Draft {
    Draft { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
}

fn none(_: &BTreeMap<String, String>) -> Vec<String> {
    Vec::new()
}

/// The rules that fire for a file, with the line.
fn fire(path: &str, text: &str) -> Vec<(String, usize)> {
    Rules.review(&draft(&[(path, text)])).into_iter().map(|found| (found.rule, found.line)).collect()
}

/// The file once the only proposal for it is applied.
#[track_caller]
fn better(path: &str, text: &str, rule: &str) -> String {
    let draft = draft(&[(path, text)]);
    let found = Rules.review(&draft);
    let [proposal] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(proposal.rule, rule);
    let after = patched(&[proposal], &draft, &none).unwrap()[path].clone();
    assert_eq!(fire(path, &after), [], "what was proposed is enough: {after}");
    after
}

#[track_caller]
fn quiet(path: &str, text: &str) {
    assert_eq!(fire(path, text), [], "{text}");
}

#[test]
fn packages_leave_nothing() {
    let text = "FROM debian:12-slim\nRUN apt-get update \\\n && apt-get install -y curl\n";
    let after = better("Dockerfile", text, "apt-leftovers");
    let expected = "FROM debian:12-slim\nRUN apt-get update \\\n && apt-get install --no-install-recommends -y curl \\\n    \
                    && rm -rf /var/lib/apt/lists/*\n";
    assert_eq!(after, expected);
    quiet("Dockerfile", &after);
    quiet(
        "Dockerfile",
        &text.replace("FROM debian:12-slim", "FROM debian:12-slim AS a").replace("curl\n", "curl\nFROM scratch\n"),
    );
    let after = better("Dockerfile", "FROM python:3.13-slim\nRUN pip install -r a.txt\n", "pip-cache");
    assert!(after.contains("pip install --no-cache-dir -r a.txt"), "{after}");
    quiet("Dockerfile", "FROM python:3.13-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install x\n");
}

#[test]
fn images_begin_with_what_runs() {
    for (whole, slim) in [
        ("node:22", "node:22-slim"),
        ("python:3.13-bookworm", "python:3.13-bookworm-slim"),
        ("debian:bookworm", "debian:bookworm-slim"),
    ] {
        let after = better("Dockerfile", &format!("FROM {whole} AS x\n"), "full-base-image");
        assert_eq!(after, format!("FROM {slim} AS x\n"));
    }
    for base in ["node:22-slim", "node:22-alpine", "node:$V", "node:latest", "nginx:1.29", "node:22@sha256:00"] {
        quiet("Dockerfile", &format!("FROM {base}\n"));
    }
    quiet("Dockerfile", "FROM node:22 AS build\nRUN x\nFROM nginx:1.29\nCOPY --from=build /a /b\n");
    let java = "FROM eclipse-temurin:21-jdk\nCOPY a.jar /\nCMD [\"java\", \"-jar\", \"/a.jar\"]\n";
    assert!(better("Dockerfile", java, "build-tools-in-image").contains("FROM eclipse-temurin:21-jre\n"));
    quiet("Dockerfile", &java.replace("CMD", "RUN javac A.java\nCMD"));
    let dotnet = "FROM mcr.microsoft.com/dotnet/sdk:9.0 AS build\nRUN dotnet publish -o /out\nFROM \
                  mcr.microsoft.com/dotnet/sdk:9.0\nCOPY --from=build /out /app\n";
    assert!(
        better("Dockerfile", dotnet, "build-tools-in-image").contains("FROM mcr.microsoft.com/dotnet/aspnet:9.0\n")
    );
}

#[test]
fn go_leaves_its_compiler_behind() {
    let text = "FROM golang:1.25\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build -o /app \
                .\nEXPOSE 8080\nCMD [\"/app\"]\n";
    let after = better("Containerfile", text, "build-tools-in-image");
    assert!(after.starts_with("FROM golang:1.25 AS build\nENV CGO_ENABLED=0\nWORKDIR /src\n"), "{after}");
    let last =
        "\nFROM gcr.io/distroless/static-debian12:nonroot\nCOPY --from=build /app /app\nEXPOSE 8080\nCMD [\"/app\"]\n";
    assert!(after.ends_with(last), "{after}");
    quiet("Dockerfile", &text.replace("CMD [\"/app\"]", "CMD go run ."));
}

#[test]
fn sources_stay_out_of_what_was_compiled() {
    let text = "FROM rust:1 AS build\nCOPY . .\nRUN cargo build --release\nFROM debian:12-slim\nCOPY . .\nCOPY --from=build \
                /a /b\nCMD [\"/b\"]\n";
    assert_eq!(fire("Dockerfile", text), [("source-in-image".to_owned(), 5)]);
    assert!(!better("Dockerfile", text, "source-in-image").contains("slim\nCOPY . ."));
    quiet("Dockerfile", &text.replace("RUN cargo build --release", "RUN x"));
}

#[test]
fn what_development_needs_stays_out() {
    let text = "FROM node:22-slim\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nCMD [\"node\", \"a.js\"]\n";
    assert!(better("Dockerfile", text, "dev-dependencies").contains("RUN npm ci --omit=dev\n"));
    quiet("Dockerfile.dev", text);
    quiet("Dockerfile", &text.replace("COPY . .", "COPY . .\nRUN npm run build"));
    quiet("Dockerfile", &text.replace("COPY p", "ENV NODE_ENV=production\nCOPY p"));
}

#[test]
fn dependencies_come_before_sources() {
    let text = "FROM python:3.13-slim\nCOPY . .\nENV A=1\nRUN pip install --no-cache-dir -r requirements.txt\nCMD x\n";
    let after = better("Dockerfile", text, "cache-order");
    let expected = "FROM python:3.13-slim\nENV A=1\nCOPY requirements.txt ./\nRUN pip install --no-cache-dir -r \
                    requirements.txt\nCOPY . .\nCMD x\n";
    assert_eq!(after, expected);
    let both = "FROM node:22-slim\nCOPY . .\nRUN npm ci && npm run build\n";
    let after = better("Dockerfile", both, "cache-order");
    assert_eq!(after, "FROM node:22-slim\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n");
    quiet("Dockerfile", &text.replace("-r requirements.txt", "."));
    let between = "FROM node:22-slim\nCOPY . .\nRUN apk add git\nEXPOSE 80\nRUN npm install --omit=dev\n";
    let draft = draft(&[("Dockerfile", between)]);
    let found = Rules.review(&draft).into_iter().find(|found| found.rule == "cache-order").unwrap();
    let after =
        "FROM node:22-slim\nRUN apk add git\nEXPOSE 80\nCOPY package*.json ./\nRUN npm install --omit=dev\nCOPY . .\n";
    assert_eq!(patched(&[&found], &draft, &none).unwrap()["Dockerfile"], after);
    let late = "FROM debian:12-slim\nCOPY a b\n# what it needs\nRUN apk add curl\n";
    let after = better("Dockerfile", late, "packages-after-source");
    assert_eq!(after, "FROM debian:12-slim\n# what it needs\nRUN apk add curl\nCOPY a b\n");
    quiet("Dockerfile", &late.replace("# what", "USER app\n# what"));
    quiet("Dockerfile", &text.replace("CMD x", "RUN <<EOF\nx\nEOF"));
}

#[test]
fn lists_of_packages_are_as_new_as_the_packages() {
    let text = "FROM debian:12-slim\nRUN apt-get -qq update\nRUN apt-get install --no-install-recommends -y \\\n    curl && rm -rf \
                /var/lib/apt/lists/*\n";
    let after = better("Dockerfile", text, "stale-package-lists");
    let expected = "FROM debian:12-slim\nRUN apt-get -qq update \\\n    && apt-get install --no-install-recommends -y \\\n    curl \
                    && rm -rf /var/lib/apt/lists/*\n";
    assert_eq!(after, expected);
    quiet("Dockerfile", &text.replace("update\n", "update\n# curl\n"));
    quiet("Dockerfile", &text.replace("RUN apt-get -qq update", "RUN apt-get upgrade"));
}

#[test]
fn development_costs_little() {
    let changed = |line: &str, rule: &str| {
        quiet("infra/production/main.tf", &format!("{line}\n"));
        better("infra/development/main.tf", &format!("{line}\n"), rule)
    };
    assert_eq!(changed("  multi_az = true", "multi-az"), "  multi_az = false\n");
    assert_eq!(
        changed("  instance_class = \"db.m6g.large\"", "instance-size"),
        "  instance_class = \"db.t4g.medium\"\n"
    );
    assert_eq!(
        changed("  instance_type = \"m5.2xlarge\" # big", "instance-size"),
        "  instance_type = \"t3.medium\" # big\n"
    );
    assert_eq!(changed("  desired_count   = 3", "replicas"), "  desired_count   = 1\n");
    assert_eq!(changed("  allocated_storage = 500", "storage"), "  allocated_storage = 20\n");
    assert_eq!(changed("  one_nat_gateway_per_az = true", "nat-gateways"), "  one_nat_gateway_per_az = false\n");
    assert_eq!(better("compose.dev.yaml", "      replicas: 2\n", "replicas"), "      replicas: 1\n");
    quiet("dev/main.tf", "  multi_az = false\n  instance_class = \"db.t4g.micro\"\n  allocated_storage = 20\n");
    let module = "module \"vpc\" {\n  enable_nat_gateway = true\n}\n";
    assert!(better("dev/main.tf", module, "nat-gateways").contains("\n  single_nat_gateway = true\n\n  enable"));
    quiet("main.tf", module);
}

#[test]
fn nothing_is_kept_or_run_for_ever() {
    let logs = "resource \"aws_cloudwatch_log_group\" \"web\" {\n  name = \"web\"\n}\n";
    let after = better("main.tf", logs, "log-retention");
    assert!(after.contains("{\n  retention_in_days = 30\n\n  name"), "{after}");
    let volume = "resource \"aws_ebs_volume\" \"data\" {\n  size = 10\n  type = \"gp2\"\n}\n";
    assert!(better("main.tf", volume, "old-volume").contains("  type = \"gp3\"\n"));
    let disk = "resource \"aws_instance\" \"web\" {\n  root_block_device {\n    volume_type = \"gp2\"\n  }\n}\n";
    assert!(better("main.tf", disk, "old-volume").contains("    volume_type = \"gp3\"\n"));
    quiet("main.tf", &volume.replace("aws_ebs_volume", "aws_db_instance"));
    let images = "resource \"aws_ecr_repository\" \"web\" {\n  name = \"web\"\n}\n";
    assert!(better("main.tf", images, "image-retention").contains("aws_ecr_repository.web.name"));
    let service =
        "resource \"aws_ecs_service\" \"web\" {\n  cluster       = aws_ecs_cluster.main.id\n  desired_count = 3\n}\n";
    let after = better("main.tf", service, "no-autoscaling");
    assert!(after.contains("aws_ecs_cluster.main.name") && after.contains("max_capacity       = 6"), "{after}");
    let beside = draft(&[("main.tf", service), ("scale.tf", "resource \"aws_appautoscaling_target\" \"web\" {\n}\n")]);
    assert_eq!(Rules.review(&beside), []);
    let compose = "services:\n  web:\n    image: a:1\n    restart: always\n";
    let after = better("compose.production.yaml", compose, "log-retention");
    assert!(
        after.ends_with(
            "    restart: always\n    logging:\n      driver: local\n      options:\n        max-size: 20m\n"
        )
    );
    quiet("compose.yaml", compose);
    quiet("compose.production.yaml", "services:\n  web:\n    image: a:1\n");
}

fn proposal(line: usize, before: &[&str], after: &[&str]) -> Proposal {
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
    let (path, rule, reason) = ("Dockerfile".to_owned(), "made-up".to_owned(), "because".to_owned());
    Proposal { path, line, rule, gain: Gain::Other, reason, before: lines(before), after: lines(after) }
}

#[test]
fn a_proposal_is_judged_wherever_it_comes_from() {
    let draft = draft(&[("Dockerfile", "FROM a:1\r\nUSER app\r\nRUN x\r\n")]);
    let check = |files: &BTreeMap<String, String>| {
        let is_root = !files["Dockerfile"].contains("USER app");
        ["known"].into_iter().chain(is_root.then_some("root-user")).map(str::to_owned).collect()
    };
    let verdict = |proposal: Proposal| judge(vec![proposal], &draft, &check).remove(0).verdict;
    let hunks = verdict(proposal(3, &["RUN x"], &["RUN y"])).unwrap();
    assert_eq!((hunks.len(), hunks[0].lines.len()), (1, 4));
    let refused = |proposal: Proposal, why: &str| {
        let said = verdict(proposal).unwrap_err();
        assert!(said.contains(why), "{said}");
    };
    refused(proposal(2, &["USER app"], &[]), "it would bring a fault: root-user");
    refused(proposal(3, &["RUN w"], &["RUN y"]), "line 3 of Dockerfile does not say any more");
    refused(proposal(9, &["RUN x"], &["RUN y"]), "does not say any more");
    refused(proposal(usize::MAX, &["RUN x"], &["RUN y"]), "does not say any more");
    refused(proposal(3, &[], &["RUN y"]), "it changes no line");
    refused(proposal(3, &["RUN x"], &["RUN x"]), "it changes no line");
    refused(Proposal { path: "../x".to_owned(), ..proposal(1, &["a"], &["b"]) }, "there is no file ../x");
    let (two, one) = (proposal(2, &["USER app"], &["USER app", "A"]), proposal(3, &["RUN x"], &["RUN y"]));
    let both = patched(&[&one, &two], &draft, &check).unwrap();
    assert_eq!(both["Dockerfile"], "FROM a:1\r\nUSER app\r\nA\r\nRUN y\r\n");
    let over = proposal(1, &["FROM a:1", "USER app"], &["FROM b:1", "USER app"]);
    assert!(patched(&[&over, &two], &draft, &check).unwrap_err().contains("the same lines"));
}
