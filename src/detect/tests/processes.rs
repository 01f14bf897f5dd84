//! What runs beside an app.

use super::{detect_files, only};
use crate::detect::{MemoryTree, settings};
use crate::model::Environment;

/// The processes of the one app of these files: `name: command`, with `!` for what must never run twice.
fn beside(files: &[(&str, &str)]) -> Vec<String> {
    let told = only(files).processes;
    told.iter().map(|it| format!("{}{}: {}", it.name, if it.single { "!" } else { "" }, it.command)).collect()
}

const FLASK: (&str, &str) = ("app.py", "app = Flask(__name__)\n");

#[test]
fn platforms_say_what_runs_beside_the_app() {
    let requirements = ("requirements.txt", "flask\n");
    let procfile = "web: gunicorn app:app\nrelease: ./m.sh\nWorker_1: python w.py\nclock: python c.py\nredis: redis-server\n\
                    css: npm run build\nconsole: python\napi: gunicorn api:app -b :$PORT\n";
    let files = [FLASK, requirements, ("Procfile", procfile)];
    assert_eq!(beside(&files), ["clock!: python c.py", "worker-1: python w.py"]);
    let found = detect_files(&files);
    let [warning] = found.warnings.as_slice() else { panic!("{:?}", found.warnings) };
    assert!(warning.says.starts_with("not run: redis, css, console, api; "), "{}", warning.says);
    let fly = "[processes]\napp = \"gunicorn app:app\"\nworker = \"python w.py\"\nadmin = \"python a.py\"\n\
               [[services]]\nprocesses = [\"admin\"]\n";
    assert_eq!(beside(&[FLASK, requirements, ("fly.toml", fly)]), ["worker: python w.py"]);
    let found = only(&[FLASK, requirements, ("fly.toml", fly)]);
    let says = "runs worker beside the app with python w.py";
    assert!(found.evidence.iter().any(|one| one.file == "fly.toml" && one.says == says));
    // A start command that is a worker's runs once.
    assert_eq!(
        beside(&[("w.py", "import a\n"), ("requirements.txt", "x\n"), ("Procfile", "worker: python w.py\n")]),
        [""; 0]
    );
}

#[test]
fn celery_is_found_with_what_it_is_pointed_at() {
    let django =
        [("manage.py", "import django"), ("shop/wsgi.py", ""), ("shop/settings.py", "CELERY_BEAT_SCHEDULE = {}\n")];
    let app = ("shop/celery.py", "from celery import Celery\n\napp = Celery(\"shop\")\n");
    let worker = "worker: celery --app shop.celery:app worker --loglevel INFO";
    let with = |packages: &'static str| [&django[..], &[app, ("requirements.txt", packages)]].concat();
    let beat =
        "beat!: celery --app shop.celery:app beat --loglevel INFO --pidfile= --schedule \"$(mktemp -d)/schedule\"";
    assert_eq!(beside(&with("django\ncelery\n")), [beat, worker]);
    let kept = "beat!: celery --app shop.celery:app beat --loglevel INFO --pidfile= --scheduler \
                django_celery_beat.schedulers:DatabaseScheduler";
    assert_eq!(beside(&with("django\ncelery\ndjango-celery-beat\n")), [kept, worker]);
    assert_eq!(beside(&with("django\n")), [""; 0]);
    let below = [
        ("api/manage.py", "import django"),
        ("api/shop/wsgi.py", ""),
        ("api/shop/celery.py", app.1),
        ("requirements.txt", "django\ncelery\n"),
    ];
    assert_eq!(beside(&below), ["worker: cd api && celery --app shop.celery:app worker --loglevel INFO"]);
    // What a platform runs is not run once more, whatever it is called.
    let procfile = ("Procfile", "web: gunicorn shop.wsgi\ntasks: celery -A shop worker -B\n");
    assert_eq!(
        beside(&[&django[..2], &[app, ("requirements.txt", "django\ncelery\n"), procfile]].concat()),
        ["tasks!: celery -A shop worker -B"]
    );
}

#[test]
fn what_nothing_points_at_is_warned_of() {
    let factory = "from celery import Celery\ndef make(app):\n    celery = Celery(app.name)\n    return celery\n";
    let found = detect_files(&[FLASK, ("tasks.py", factory), ("requirements.txt", "flask\ncelery\n")]);
    assert!(found.apps[0].processes.is_empty());
    let [warning] = found.warnings.as_slice() else { panic!("{:?}", found.warnings) };
    assert!(warning.says.starts_with("celery is used, and nothing shows how it is started"), "{}", warning.says);
    let made = format!("{factory}\nqueue = make(app)\n");
    let files = [FLASK, ("tasks.py", made.as_str()), ("requirements.txt", "flask\ncelery\n")];
    assert_eq!(beside(&files), ["worker: celery --app tasks:queue worker --loglevel INFO"]);
}

#[test]
fn tools_of_python() {
    let flask = |packages: &str, file: &str, text: &str| {
        beside(&[FLASK, ("requirements.txt", &format!("flask\n{packages}\n")), (file, text)])
    };
    assert_eq!(flask("rq", "worker.py", "from rq import Worker\nWorker(q).work()\n"), ["worker: python worker.py"]);
    let reads = "import os\nfrom rq import Queue\nq = Queue(connection=r(os.environ['REDIS_URL']))\n";
    assert_eq!(flask("rq", "jobs.py", reads), ["worker: rq worker --url \"$REDIS_URL\""]);
    let actor = "@dramatiq.actor\ndef send(): pass\n";
    assert_eq!(flask("dramatiq", "shop/jobs.py", actor), ["worker: dramatiq shop.jobs"]);
    assert_eq!(flask("arq", "src/jobs.py", "class WorkerSettings:\n"), ["worker: cd src && arq jobs.WorkerSettings"]);
    assert_eq!(flask("huey", "q.py", "huey = RedisHuey('a')\n"), ["worker!: python -m huey.bin.huey_consumer q.huey"]);
    let procfile = ("Procfile", "web: gunicorn app:app\nworker: huey_consumer.py q.huey -w 2\n");
    let said = [FLASK, ("requirements.txt", "flask\nhuey\n"), ("q.py", "huey = RedisHuey('a')\n"), procfile];
    assert_eq!(beside(&said), ["worker!: huey_consumer.py q.huey -w 2"]);
    assert_eq!(flask("huey", "q.py", "# huey = RedisHuey('a')\n"), [""; 0]);
}

#[test]
fn tools_of_ruby() {
    let rails = [("config/application.rb", ""), ("bin/rails", ""), ("config.ru", "")];
    let with = |gems: &str, more: &[(&str, &str)]| {
        let gemfile = format!("gem 'rails', '~> 8.0'\ngem 'pg'\n{gems}");
        beside(&[&rails[..], &[("Gemfile", gemfile.as_str())], more].concat())
    };
    assert_eq!(with("gem 'sidekiq'\n", &[]), ["worker: bundle exec sidekiq"]);
    assert_eq!(with("group :development do\n  gem 'sidekiq'\nend\n", &[]), [""; 0]);
    let solid = ("config/environments/production.rb", "config.active_job.queue_adapter = :solid_queue\n");
    let puma = ("config/puma.rb", "plugin :solid_queue if ENV[\"SOLID_QUEUE_IN_PUMA\"]\n");
    let bin = ("bin/jobs", "#!/usr/bin/env ruby\n");
    assert_eq!(with("gem 'solid_queue'\n", &[solid, puma, bin]), ["worker: bin/jobs"]);
    assert_eq!(with("gem 'solid_queue'\n", &[solid, bin, ("config/puma.rb", "plugin :solid_queue\n")]), [""; 0]);
    assert_eq!(with("gem 'good_job'\n", &[]), ["worker: bundle exec good_job start"]);
    assert_eq!(with("gem 'clockwork'\n", &[("clock.rb", "")]), ["clock!: bundle exec clockwork clock.rb"]);
    let plain = [("Gemfile", "gem 'sinatra'\ngem 'sidekiq'\n"), ("config.ru", "run App\n")];
    let job = ("jobs/mail.rb", "class Mail\n  include Sidekiq::Job\nend\n");
    assert_eq!(beside(&[&plain[..], &[job]].concat()), ["worker: bundle exec sidekiq -r ./jobs/mail.rb"]);
    // A database in a file is another one in each container.
    let found = detect_files(
        &[&rails[..], &[("Gemfile", "gem 'rails'\ngem 'sqlite3'\ngem 'solid_queue'\n"), solid, bin]].concat(),
    );
    assert!(found.apps[0].processes.is_empty());
    assert!(found.warnings.iter().any(|one| one.says.contains("no service that another container sees")));
}

#[test]
fn tools_of_php() {
    let laravel = |packages: &str, more: &[(&str, &str)]| {
        let composer =
            format!("{{\"require\": {{\"laravel/framework\": \"^11\", \"ext-pdo_pgsql\": \"*\"{packages}}}}}");
        let own = [("composer.json", composer.as_str()), ("artisan", ""), ("public/index.php", "<?php")];
        beside(&[&own[..], more].concat())
    };
    let job = ("app/Jobs/Mail.php", "<?php\nclass Mail implements ShouldQueue {}\n");
    assert_eq!(laravel("", &[job]), ["worker: php artisan queue:work"]);
    assert_eq!(laravel(", \"laravel/horizon\": \"^5\"", &[job]), ["worker: php artisan horizon"]);
    assert_eq!(laravel("", &[]), [""; 0]);
    let console = |text: &'static str| [("routes/console.php", text)];
    assert_eq!(
        laravel("", &console("<?php\nSchedule::command('a')->daily();\n")),
        ["scheduler!: php artisan schedule:work"]
    );
    assert_eq!(laravel("", &console("<?php\n// Schedule::command('a')->daily();\n")), [""; 0]);
    assert_eq!(laravel("", &[("app/Console/Kernel.php", "<?php\n        // $schedule->command('x');\n")]), [""; 0]);
}

#[test]
fn a_script_runs_beside_the_app_where_it_runs_another_file() {
    let node = |scripts: &str, development: &str| {
        let package = format!(
            r#"{{"dependencies": {{"express": "4", "bullmq": "5"}}, "devDependencies": {{{development}}},
                "scripts": {{"start": "node dist/server.js", {scripts}}}}}"#
        );
        let app = only(&[("package.json", &package), ("server.ts", "app.listen(process.env.PORT)")]);
        app.processes.into_iter().map(|it| (it.name, it.command, it.develop_command)).collect::<Vec<_>>()
    };
    let worker = |command: &str, develop: Option<&str>| {
        vec![("worker".to_owned(), command.to_owned(), develop.map(str::to_owned))]
    };
    assert_eq!(node(r#""worker": "node dist/worker.js""#, ""), worker("npm run worker", None));
    let both = r#""worker": "node dist/worker.js", "worker:dev": "tsx watch worker.ts""#;
    assert_eq!(node(both, r#""tsx": "4""#), worker("npm run worker", Some("npm run worker:dev")));
    assert_eq!(node(r#""worker": "tsx worker.ts""#, r#""tsx": "4""#), [], "it is not there as the app runs");
    assert_eq!(node(r#""worker": "node dist/server.js --worker""#, ""), [], "nothing but the app itself");
    assert_eq!(node(r#""worker": "nodemon w.js""#, ""), []);
}

#[test]
fn settings_say_otherwise() {
    let toml = "[app.processes.worker]\ncommand = \"celery -A shop worker -c 2\"\n[app.processes.mailer]\ncommand = \"python m.py\"\n\
                [app.processes.unknown]\nsingle = true\n[environments.production.processes.clock]\nenabled = false\n";
    let files = [
        FLASK,
        ("requirements.txt", "flask\n"),
        ("Procfile", "web: gunicorn app:app\nworker: celery -A shop worker\nclock: python c.py\n"),
        ("wharf.toml", toml),
    ];
    let tree = MemoryTree::new(files);
    let (found, settings) = (crate::detect::detect(&tree), settings(&tree).unwrap());
    let in_environment = |environment| {
        let app = &settings.applied(&found, environment).apps[0];
        app.processes.iter().map(|it| format!("{}: {}", it.name, it.command)).collect::<Vec<_>>()
    };
    let (worker, mailer) = ("worker: celery -A shop worker -c 2", "mailer: python m.py");
    assert_eq!(in_environment(Environment::Production), [mailer, worker]);
    assert_eq!(in_environment(Environment::Staging), ["clock: python c.py", mailer, worker]);
    let says = "nothing says how the process unknown of app is started: write its `command`";
    assert!(found.warnings.iter().any(|one| one.says == says), "{:?}", found.warnings);
    for (text, place, says) in [
        ("[app.processes.a_b]\ncommand = \"x\"\n", "line 1, column 1", "small letters"),
        ("[app.processes.worker]\ncommand = \" \"\n", "line 2, column 11", "`command` says nothing"),
        ("[app.processes.worker]\ncomand = \"x\"\n", "line 2, column 1", "`command`"),
        ("[app.processes.worker]\nsingle = 1\n", "line 2, column 10", "enabled = false"),
        ("[apps.web.processes]\nworker = \"x\"\n", "line 2, column 10", "[app.processes.worker]"),
    ] {
        let problem = crate::detect::settings(&MemoryTree::new([("wharf.toml", text)])).unwrap_err().to_string();
        assert!(problem.contains(place) && problem.contains(says), "{text}: {problem}");
    }
}
