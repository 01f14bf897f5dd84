//! Compose files, and what is wrong with them.

use crate::validate::cases::Case;
use crate::validate::check;

const SOUND: &str = "services:
  web:
    build: .
    depends_on: [db]
    environment:
      DB_PASSWORD: ${DB_PASSWORD:?}
    secrets: [key]
  db:
    image: postgres:16
    networks: [back, default]
    ports:
      - 127.0.0.1:5432:5432
    volumes:
      - data:/x
      - ./a:/b
      - type: bind
        source: /srv/data
volumes:
  data:
networks:
  back:
secrets:
  key:
    file: ./key
";

const JOINED: &str = "include: [common/db.yaml]
services:
  web:
    image: shop:1.2
    extends: {file: common/base.yaml, service: base}
    depends_on: [db]
    environment: ['DATABASE_URL=postgresql://db:5432/app', 'SELF=http://localhost:80', 'S=https://example.com/x']
";

const PRODUCTION: &str = "services:
  web:
    image: shop/web:1.4
    restart: unless-stopped
    read_only: true
    cap_drop: [ALL]
    security_opt: [no-new-privileges:true]
    volumes:
      - ./Caddyfile:/etc/caddy/Caddyfile:ro
    deploy:
      resources:
        limits:
          memory: 256M
  db:
    image: postgres:16
    restart: unless-stopped
    security_opt: [no-new-privileges:true]
    mem_limit: 1g
";

pub(in crate::validate) const CASES: &[Case] = &[
    Case {
        files: &[
            ("compose.yaml", SOUND),
            ("Dockerfile", "FROM a:1 AS run\nUSER app\n"),
            (".dockerignore", "*\n"),
            (".env.example", "DB_PASSWORD=\n# DB_HOST=\n"),
        ],
        breaks: &[
            ("build: .", "build: ./web", "unknown-file", 3),
            ("build: .", "build: {context: ., target: builder}", "unknown-stage", 3),
            ("${DB_PASSWORD:?}", "${DB_PASSWORT:?}", "unknown-reference", 6),
            ("secrets: [key]", "env_file: .env\n    command: a ${DB_HOST} ${B:-c} ${D}", "unknown-reference", 8),
            ("[db]", "[db", "compose-syntax", 5),
            ("    build: .\n", "", "compose-syntax", 2),
            ("    build: .\n", "    build: .\n    comand: x\n", "compose-syntax", 4),
            ("networks:\n  back", "volume: {}\nnetworks:\n  back", "compose-syntax", 20),
            ("[db]", "[cache]", "unknown-service", 4),
            ("[db]", "\n      cache:\n        condition: service_healthy", "unknown-service", 5),
            ("[back, default]", "[front]", "unknown-network", 10),
            ("- data:/x", "- date:/x", "unknown-volume", 14),
            ("[key]", "[keys]", "unknown-reference", 7),
            ("postgres:16", "postgres", "unpinned-image", 9),
            ("${DB_PASSWORD:?}", "abc", "secret-in-file", 6),
            ("DB_PASSWORD: ${DB_PASSWORD:?}", "- DB_PASSWORD=abc", "secret-in-file", 6),
            ("127.0.0.1:5432", "5432", "public-database", 12),
            ("- ./a:/b", "- /var/run/docker.sock:/var/run/docker.sock", "host-access", 15),
            ("    build: .\n", "    build: .\n    privileged: true\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    privileged: ${P:-yes}\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    cap_add: [SYS_ADMIN]\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    volumes: [\"${S:-/var/run}:/r:ro\"]\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    volumes: [\"/etc:/e\"]\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    network_mode: host\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    pid: ${P:-${Q:-host}}\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    use_api_socket: true\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    devices: [\"/dev/sda:/dev/x\"]\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    device_cgroup_rules: ['a *:* rwm']\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    security_opt: [apparmor=unconfined]\n", "host-access", 4),
            ("    build: .\n", "    build: .\n    security_opt: ['seccomp:unconfined']\n", "no-seccomp", 4),
            ("    build: .\n", "    build: {context: ., args: {NPM_TOKEN: abcdefgh}}\n", "secret-in-file", 3),
            ("- ./a:/b", "- /var/../etc/:/b", "host-access", 15),
            ("  data:\n", "  data: {driver_opts: {device: /, o: bind}}\n", "host-access", 19),
            (
                "  key:\n",
                "  key: &key {file: ./key}\n---\nservices: {web: {privileged: true}}\nx-a:\n",
                "host-access",
                25,
            ),
            ("secrets: [key]", "extends: db\n    cap_add: [sys_admin]", "host-access", 8),
            ("DB_PASSWORD: ${DB_PASSWORD:?}", "A: \"redis://x:${DB_PASSWORD:?}@cache/0\"", "unknown-service", 6),
            ("DB_PASSWORD: ${DB_PASSWORD:?}", "A: postgres://app:hunter2@db/app", "secret-in-file", 6),
        ],
    },
    Case {
        files: &[
            ("compose.yaml", JOINED),
            ("common/base.yaml", "services:\n  base: {image: 'a:1'}\n"),
            (
                "common/db.yaml",
                "services:\n  db:\n    image: postgres:16\n    extends: {file: more.yaml, service: base}\n",
            ),
            ("common/more.yaml", "services:\n  base: {init: true}\n"),
        ],
        breaks: &[
            ("base: {image: 'a:1'}", "base: {image: 'a:1', privileged: true}", "host-access", 5),
            ("{init: true}", "{ipc: host}", "host-access", 1),
            ("    image: postgres:16\n", "    image: postgres:16\n    cap_add: [ALL]\n", "host-access", 1),
            ("depends_on: [db]", "depends_on: [bd]", "unknown-service", 6),
            ("db:5432", "bd:5432", "unknown-service", 7),
        ],
    },
    Case {
        files: &[("compose.production.yaml", PRODUCTION)],
        breaks: &[
            ("Caddyfile:ro", "Caddyfile", "source-mount", 9),
            ("    restart: unless-stopped\n", "", "no-restart", 2),
            ("          memory: 256M", "          cpus: 1", "no-limits", 2),
            ("    security_opt: [no-new-privileges:true]\n", "", "privilege-escalation", 2),
            ("    cap_drop: [ALL]\n", "", "kept-capabilities", 2),
            ("    read_only: true\n", "", "writable-root", 2),
            ("    read_only: true\n", "    read_only: true\n    user: 0:0\n", "root-user", 6),
            ("    read_only: true\n", "    read_only: true\n    user: ${U:-root}\n", "root-user", 6),
            ("    mem_limit: 1g\n", "    mem_limit: 1g\n    ports: ['127.0.0.1:5432:5432']\n", "public-database", 19),
        ],
    },
];

#[test]
fn what_is_no_compose_file_is_told() {
    let rules = |text: &str| check("compose.yaml", text).into_iter().map(|f| (f.rule, f.line)).collect::<Vec<_>>();
    assert_eq!(rules("name: x\n"), [("compose-syntax", None)]);
    assert_eq!(rules("services:\n  a:\n"), [("compose-syntax", Some(2))]);
    assert_eq!(rules("include: [other.yaml]\nservices:\n  a:\n    image: a:1\n    depends_on: [b]\n"), []);
    let text = format!("services: &a [{}]\nx: [{}]\n", "x,".repeat(9000), "*a,".repeat(9000));
    assert_eq!(rules(&text)[0].0, "compose-syntax");
}
