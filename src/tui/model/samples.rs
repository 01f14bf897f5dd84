//! Made-up values for tests.

use std::time::Duration;

use crate::model::*;

pub(crate) const NOW: u64 = 1_764_000_000_000;

pub(crate) fn at(seconds_ago: u64) -> Timestamp {
    Timestamp::from_millis(NOW - seconds_ago * 1000)
}

pub(crate) fn project(name: &str) -> Project {
    Project {
        id: ProjectId::from(name),
        name: name.to_owned(),
        root: format!("/srv/apps/{name}").into(),
        source: Source::Folder,
        added_at: at(86_400),
        added_by: "ada".to_owned(),
    }
}

pub(crate) fn key(project: &str, app: &str) -> AppKey {
    AppKey { project: ProjectId::from(project), app: app.to_owned(), environment: Environment::Development }
}

/// A deployment whose steps fit its status.
pub(crate) fn deployment(project: &str, app: &str, id: &str, status: DeploymentStatus) -> Deployment {
    use DeploymentStatus as S;
    let (reached, last) = match status {
        S::Queued => (0, StepStatus::Pending),
        S::Running => (2, StepStatus::Running),
        S::Failed => (6, StepStatus::Failed),
        S::Cancelled => (2, StepStatus::Cancelled),
        _ => (8, StepStatus::Done),
    };
    let details = [
        "node 22, next 15.1.0, 6 files",
        "port 20017",
        "12 of 14 layers from the cache",
        "wharf-shop-web-development",
        "postgres ready",
        "container 4f1c09d2aa71",
        "GET /health: 200 OK in 3.1 ms",
        "the port did not answer for 118 ms",
    ];
    let steps = StepName::USUAL.into_iter().enumerate().map(|(index, name)| {
        let started = at(60 - index as u64 * 4);
        let mut step = Step::pending(name);
        if index < reached {
            step.status = StepStatus::Done;
            step.started_at = Some(started);
            step.finished_at = Some(started.plus(Duration::from_millis(400 + 700 * index as u64)));
            step.detail = details[index].to_owned();
        } else if index == reached && last != StepStatus::Pending {
            step.status = last;
            step.started_at = Some(started);
            step.finished_at = (last != StepStatus::Running).then(|| at(10));
            step.detail = details[index].to_owned();
        }
        step
    });
    let up = matches!(status, S::Healthy | S::Degraded | S::Unhealthy | S::Stopped);
    Deployment {
        id: DeploymentId::from(id),
        key: key(project, app),
        project_name: project.to_owned(),
        target: TargetRef::default(),
        action: Action::Deploy,
        status,
        status_since: at(if status.is_pending() { 60 } else { 7300 }),
        status_reason: "answers on /health".to_owned(),
        steps: steps.collect(),
        url: up.then(|| "http://127.0.0.1:20017".to_owned()),
        port: Some(20_017),
        release: up.then_some(3),
        image: up.then(|| format!("wharf/{project}-{app}:{id}")),
        live: up.then(|| Instance {
            id: "4f1c09d2aa71".into(),
            name: format!("wharf-{project}-{app}"),
            port: Some(20_017),
        }),
        candidate: None,
        commit: Some("9f2c41d7b6a0e35c".to_owned()),
        source: None,
        switch_gap_ms: up.then_some(118),
        error: (status == S::Failed).then(failure),
        cancel_requested: false,
        requested_by: "ada".to_owned(),
        created_at: at(60),
        finished_at: (!status.is_pending()).then(|| at(31)),
    }
}

pub(crate) fn failure() -> Failure {
    Failure {
        step: StepName::Health,
        cause: "health-timeout".to_owned(),
        message: "web did not answer on port 20017 within 300 s\n  why: the process listens on 127.0.0.1:3000 \
                  inside the container, where nothing outside reaches it\n  try: let it listen on 0.0.0.0 and on $PORT"
            .to_owned(),
        quote: "> shop@1.4.0 start\n> node server.js\n\nServer listening on http://127.0.0.1:3000\nError: connect \
                ECONNREFUSED 172.19.0.2:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)"
            .to_owned(),
    }
}

pub(crate) fn snapshot(projects: &[&str], deployments: Vec<Deployment>) -> Snapshot {
    let items: Vec<_> = projects.iter().map(|name| project(name)).collect();
    Snapshot {
        seq: 41,
        engine: EngineInfo {
            api: API_VERSION,
            version: "0.1.0".to_owned(),
            pid: 4242,
            started_at: at(90_000),
            data_dir: "/home/ada/.local/share/wharf".into(),
            workers: 4,
            notice: None,
        },
        projects: Page { total: items.len() as u64, items, next: None },
        deployments,
        jobs: Vec::new(),
        ports: Vec::new(),
        targets: vec![docker(true)],
    }
}

pub(crate) fn docker(available: bool) -> TargetStatus {
    let detail = if available { "Docker 28.5.1, API 1.51" } else { "no socket at /var/run/docker.sock" };
    TargetStatus { target: TargetRef::default(), available, detail: detail.to_owned() }
}

pub(crate) fn detection() -> Detection {
    let evidence = [
        ("package.json", "depends on next 15.1.0"),
        ("package.json", "engines.node asks for >=22"),
        ("pnpm-lock.yaml", "lock file of pnpm 9"),
        ("next.config.ts", "configuration of Next.js"),
        (".env.example", "names DATABASE_URL and SESSION_SECRET"),
        ("src/db.ts", "reads DATABASE_URL; postgres://"),
    ];
    let dependencies = [("next", "15.1.0"), ("react", "19.0.0"), ("pg", "8.13.1"), ("zod", "3.24.1")];
    Detection {
        primary: Some(".".to_owned()),
        apps: vec![AppProfile {
            path: ".".to_owned(),
            name: "web".to_owned(),
            stack: "node".to_owned(),
            language: Language { name: "TypeScript".into(), version: Some("5.7".into()), confidence: 0.98 },
            framework: Some(Framework { name: "nextjs".into(), version: Some("15.1.0".into()) }),
            package_manager: Some("pnpm".to_owned()),
            package_manager_version: Some("9.15.0".to_owned()),
            build_tool: Some("turbo".to_owned()),
            runtime_version: Some("22".to_owned()),
            install_command: Some("pnpm install --frozen-lockfile".to_owned()),
            build_command: Some("pnpm build".to_owned()),
            start_command: Some("pnpm start".to_owned()),
            port: Some(3000),
            health_path: Some("/health".to_owned()),
            services: vec!["postgres".to_owned()],
            env: vec!["DATABASE_URL".into(), "LOG_LEVEL".into(), "SESSION_SECRET".into()],
            required_env: vec!["SESSION_SECRET".into()],
            dependencies: dependencies
                .iter()
                .map(|(name, version)| Dependency {
                    name: (*name).to_owned(),
                    version: Some((*version).to_owned()),
                    scope: DependencyScope::Runtime,
                })
                .collect(),
            confidence: 0.97,
            config_files: vec!["package.json".into(), "next.config.ts".into()],
            evidence: evidence.iter().map(|(file, says)| Evidence::new(*file, *says)).collect(),
            ..AppProfile::default()
        }],
        warnings: vec![Warning { file: "tsconfig.json".into(), says: "line 14, column 3: a comma too many".into() }],
        ..Detection::default()
    }
}

/// What is known of the dependencies of [`detection`]'s app.
pub(crate) fn vulnerabilities(project: &str, allowed: bool) -> VulnerabilityReport {
    let address = "https://api.osv.dev".to_owned();
    let consent = Consent { address: address.clone(), by: "ann".to_owned(), at: at(7200) };
    let found = Vulnerability {
        id: "GHSA-f82v-jwr5-mffw".to_owned(),
        aliases: vec!["CVE-2025-29927".to_owned()],
        package: "next".to_owned(),
        version: "15.1.0".to_owned(),
        direct: true,
        scope: DependencyScope::Runtime,
        severity: Severity::Critical,
        score: Some(9.1),
        summary: "Authorization Bypass in Next.js Middleware".to_owned(),
        fixed: Some("15.2.3".to_owned()),
    };
    let all: Vec<String> = ["next", "react", "pg", "zod"].map(str::to_owned).into();
    let missed = NotScanned { reason: NotScannedReason::NotAllowed, packages: all };
    VulnerabilityReport {
        project: ProjectId::from(project),
        apps: vec![AppVulnerabilities {
            app: "web".to_owned(),
            path: ".".to_owned(),
            ecosystem: Some("npm".to_owned()),
            dependencies: 4,
            scanned: if allowed { 4 } else { 0 },
            not_scanned: if allowed { Vec::new() } else { vec![missed] },
            vulnerabilities: if allowed { vec![found] } else { Vec::new() },
        }],
        answered_at: allowed.then(|| at(180)),
        archives: Vec::new(),
        sources: AdvisorySources { address, allowed: allowed.then_some(consent), archives: Vec::new() },
        problems: Vec::new(),
    }
}

/// A place that both changed.
fn contested() -> Hunk {
    let line = |of, text: &str| DiffLine { of, text: text.to_owned() };
    let lines = vec![
        line(LineOf::Both, "    ports:"),
        line(LineOf::Base, "      - \"3000:3000\""),
        line(LineOf::Before, "      - \"8080:3000\""),
        line(LineOf::After, "      - \"4000:4000\""),
        line(LineOf::Both, "    environment:"),
    ];
    Hunk { before: 4, after: 4, lines }
}

pub(crate) fn artifacts() -> Vec<ArtifactView> {
    let dockerfile = "# Next.js 15 on Node 22, built with pnpm 9\nFROM node:22-bookworm-slim AS build\nWORKDIR /app\n\
        ENV PNPM_HOME=/pnpm PATH=/pnpm:$PATH\nRUN corepack enable\n\nCOPY package.json pnpm-lock.yaml ./\n\
        RUN --mount=type=cache,target=/pnpm/store pnpm install --frozen-lockfile\n\nCOPY . .\nRUN pnpm build\n\n\
        FROM node:22-bookworm-slim\nWORKDIR /app\nENV NODE_ENV=production\nCOPY --from=build --chown=node:node /app ./\n\
        USER node\nEXPOSE 3000\nHEALTHCHECK --interval=10s CMD [\"node\", \"-e\", \"fetch('http://localhost:3000/health')\"]\n\
        CMD [\"pnpm\", \"start\"]\n";
    let compose = "services:\n  web:\n    build: .\n    ports:\n      - \"3000:3000\"\n    environment:\n      DATABASE_URL: ${DATABASE_URL}\n";
    let view = |path: &str, content: &str, reason: &str, state| ArtifactView {
        artifact: Artifact { path: path.into(), content: content.into(), reason: reason.into() },
        state,
        current: (state != ArtifactState::New).then(|| content.into()),
        result: Some(content.into()),
        taken: None,
        hunks: Vec::new(),
        note: None,
        blocked: false,
        recorded: false,
    };
    vec![
        view("Dockerfile", dockerfile, "builds and runs the app", ArtifactState::New),
        view(".dockerignore", "node_modules\n.next\n.git\n", "keeps the build context small", ArtifactState::Unchanged),
        ArtifactView {
            hunks: vec![contested()],
            note: Some("both changed the same place".to_owned()),
            taken: Some(compose.to_owned()),
            ..view("compose.yaml", compose, "runs the app and its services by hand", ArtifactState::Conflict)
        },
        view(".env.example", "DATABASE_URL=\nSESSION_SECRET=\n", "names what the app needs", ArtifactState::Edited),
    ]
}

pub(crate) fn log_lines(id: &str, count: u64) -> Vec<LogLine> {
    let texts = [
        (LogStream::Stdout, "GET /health 200 in 3 ms"),
        (LogStream::Stdout, "GET /products?page=2 200 in 18 ms"),
        (LogStream::Stdout, "\u{1b}[32minfo\u{1b}[0m  cache filled: 1240 entries"),
        (
            LogStream::Stderr,
            "warn  slow query (412 ms): SELECT * FROM orders WHERE customer = $1 ORDER BY created DESC",
        ),
        (LogStream::Stdout, "POST /cart 201 in 9 ms — 商品 ✓"),
    ];
    (1..=count)
        .map(|cursor| {
            let build = cursor <= 6;
            let (stream, text) = texts[(cursor % 5) as usize];
            LogLine {
                cursor,
                at: at(100 - cursor.min(100)),
                deployment: DeploymentId::from(id),
                source: "web".to_owned(),
                step: build.then_some(StepName::Build),
                stream: if build { LogStream::Stdout } else { stream },
                text: if build { format!("#{cursor} RUN pnpm install: step {cursor}") } else { text.to_owned() },
            }
        })
        .collect()
}

/// A minute of load and health checks.
pub(crate) fn book() -> super::Book {
    let mut book = super::Book::default();
    for second in 0..60_u64 {
        let wave = f64::from(u32::try_from(second * 37 % 23).unwrap());
        book.add_sample(Sample {
            at: at(60 - second),
            cpu_percent: 4.0 + wave * 1.7,
            memory_bytes: 88 * 1024 * 1024 + second * 150_000,
            memory_limit: Some(512 * 1024 * 1024),
            network_rx: Some(second * 2400 + second * second * 30),
            network_tx: Some(second * 9000),
            disk_read: 0,
            disk_write: 0,
        });
        if second % 5 == 0 {
            book.add_check(HealthSample {
                at: at(60 - second),
                ok: second != 25,
                latency_ms: (second != 25).then_some(2.0 + wave / 4.0),
                detail: if second == 25 { "connection refused".into() } else { "200 OK".into() },
            });
        }
    }
    book
}

pub(crate) fn request(project: &str) -> DeployRequest {
    DeployRequest {
        project: ProjectId::from(project),
        app: None,
        environment: Environment::Development,
        target: TargetRef::default(),
        set: std::collections::BTreeMap::new(),
        secrets: std::collections::BTreeMap::new(),
        port: None,
    }
}

/// A preview that misses those values.
pub(crate) fn plan(missing: &[&str]) -> PlanPreview {
    let plan = Plan {
        key: key("shop", "web"),
        project_name: "shop".to_owned(),
        target: TargetRef::default(),
        source: Source::Folder,
        profile: AppProfile::default(),
        build: BuildPlan::default(),
        compute: Compute::default(),
        storage: Vec::new(),
        network: NetworkPlan { name: "wharf-shop".to_owned(), bind: std::net::Ipv4Addr::LOCALHOST.into() },
        services: Vec::new(),
        ports: PortPlan::default(),
        env: Vec::new(),
        scaling: Scaling { min: 1, max: 1 },
        security: Security { no_new_privileges: true, drop_capabilities: true, pids_limit: 512 },
        health: HealthCheck {
            probe: HealthProbe::Tcp,
            interval: Millis::from_secs(5),
            timeout: Millis::from_secs(2),
            retries: 3,
        },
        timeouts: Timeouts::default(),
    };
    PlanPreview {
        plan,
        missing_env: missing.iter().map(|name| (*name).to_owned()).collect(),
        commands: PlanCommands::default(),
        warnings: Vec::new(),
    }
}
