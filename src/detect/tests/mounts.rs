//! What routes are mounted below.

use super::only;

const NODE: (&str, &str) =
    ("package.json", r#"{"dependencies": {"express": "5"}, "scripts": {"start": "node app.js"}}"#);
const HONO: (&str, &str) = ("package.json", r#"{"dependencies": {"hono": "4"}, "scripts": {"start": "node app.js"}}"#);
const NEST: (&str, &str) =
    ("package.json", r#"{"dependencies": {"@nestjs/core": "11"}, "scripts": {"start": "node dist/main"}}"#);
const NEXT: (&str, &str) = ("package.json", r#"{"dependencies": {"next": "15"}, "scripts": {"start": "next start"}}"#);
const FASTAPI: (&str, &str) = ("requirements.txt", "fastapi\nuvicorn\n");
const FLASK: (&str, &str) = ("requirements.txt", "flask\n");
const DJANGO: (&str, &str) = ("requirements.txt", "django\n");
const GIN: (&str, &str) = ("go.mod", "module x\n\ngo 1.24\n\nrequire github.com/gin-gonic/gin v1.10.0\n");
const CHI: (&str, &str) = ("go.mod", "module x\n\ngo 1.24\n\nrequire github.com/go-chi/chi/v5 v5.2.0\n");
const AXUM: (&str, &str) = ("Cargo.toml", "[package]\nname = \"x\"\n\n[dependencies]\naxum = \"0.8\"\n");
const ACTIX: (&str, &str) = ("Cargo.toml", "[package]\nname = \"x\"\n\n[dependencies]\nactix-web = \"4\"\n");
const ROCKET: (&str, &str) = ("Cargo.toml", "[package]\nname = \"x\"\n\n[dependencies]\nrocket = \"0.5\"\n");
const SPRING: (&str, &str) = (
    "pom.xml",
    "<project><groupId>a</groupId><artifactId>b</artifactId><dependencies><dependency><groupId>org.springframework.boot\
     </groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>",
);
const LARAVEL: (&str, &str) = ("composer.json", r#"{"require": {"laravel/framework": "^12"}}"#);
const RAILS: (&str, &str) = ("Gemfile", "gem \"rails\"\n");

fn asks(files: &[(&str, &str)], path: Option<&str>) {
    assert_eq!(only(files).health_path.as_deref(), path, "{files:#?}");
}

#[test]
fn in_one_file() {
    let listens = "const app = express()\napp.listen(3000)\n";
    for (routes, path) in [
        ("app.get('/health', f)", Some("/health")),
        ("const router = Router()\nrouter.get('/health', f)\napp.use('/api', router)", Some("/api/health")),
        (
            "const v1 = Router()\nv1.get('/health', f)\nconst api = Router()\napi.use('/v1', v1)\napp.use('/api', api)",
            Some("/api/v1/health"),
        ),
        ("app.use('/api', other)\napp.get('/health', f)", Some("/health")),
        ("const router = Router()\nrouter.get('/health', f)\napp.use(base, router)", None),
        ("app.use(cors(), router)\napp.get('/health', f)", Some("/health")),
    ] {
        asks(&[NODE, ("app.js", &format!("{listens}{routes}\n"))], path);
    }
    for (text, path) in [
        ("const app = new Hono().basePath('/api')\napp.get('/health', f)\nserve(app)\n", "/api/health"),
        (
            "const app = new Hono()\nconst a = new Hono()\na.get('/health', f)\napp.route('/b', a)\nserve(app)\n",
            "/b/health",
        ),
    ] {
        asks(&[HONO, ("app.js", text)], Some(path));
    }
    let fast = |text: &str| {
        format!("app = FastAPI()\nrouter = APIRouter(prefix=\"/v1\")\n@router.get(\"/health\")\ndef f(): pass\n{text}")
    };
    asks(&[FASTAPI, ("main.py", &fast("app.include_router(router, prefix='/api')\n"))], Some("/api/v1/health"));
    asks(&[FASTAPI, ("main.py", &fast("app.include_router(router)\n"))], Some("/v1/health"));
    asks(&[FASTAPI, ("main.py", &fast("app.include_router(router, prefix=settings.API)\n"))], None);
    let flask = |more: &str| {
        format!(
            "app = Flask(__name__)\nbp = Blueprint('b', __name__, url_prefix='/b')\n@bp.route('/health')\ndef f(): pass\n{more}"
        )
    };
    asks(&[FLASK, ("app.py", &flask("app.register_blueprint(bp)\n"))], Some("/b/health"));
    asks(&[FLASK, ("app.py", &flask("app.register_blueprint(bp, url_prefix='/c')\n"))], Some("/c/health"));
    for (text, path) in [
        ("r := gin.Default()\nr.GET(\"/health\", f)\nr.Run()", Some("/health")),
        ("r := gin.Default()\nv1 := r.Group(\"/v1\")\n{\n\tv1.GET(\"/health\", f)\n}\nr.Run()", Some("/v1/health")),
        ("r := gin.Default()\nv1 := r.Group(\"/api/ping\")\nv1.GET(\"/\", f)\nr.Run()", Some("/api/ping/")),
        ("r := gin.Default()\nv1 := r.Group(base)\nv1.GET(\"/health\", f)\nr.Run()", None),
        (
            "r := gin.Default()\nr.Run()\n}\nfunc a(g *gin.RouterGroup) {\n\tg.GET(\"/health\", f)\n}\nfunc b() {\n\ta(r.Group(\"/v1\"))",
            None,
        ),
    ] {
        asks(&[GIN, ("main.go", &format!("package main\nfunc main() {{\n{text}\n}}\n"))], path);
    }
    let chi = "package main\nfunc main() {\nr := chi.NewRouter()\nr.Route(\"/api\", func(r chi.Router) {\n\tr.Get(\"/health\", f)\n})\nhttp.ListenAndServe(\":80\", r)\n}\n";
    asks(&[CHI, ("main.go", chi)], Some("/api/health"));
    let axum = |app: &str| {
        format!(
            "fn main() {{\n    let api = Router::new()\n        .route(\"/health\", get(f));\n    let app = {app};\n    axum::serve(a, app);\n}}\n"
        )
    };
    asks(&[AXUM, ("src/main.rs", &axum("Router::new().nest(\"/api\", api)"))], Some("/api/health"));
    asks(&[AXUM, ("src/main.rs", &axum("api.layer(x)"))], Some("/health"));
    let actix = "fn main() {\n  HttpServer::new(|| App::new().service(web::scope(\"/api\").route(\"/health\", web::get().to(f))))\n}\n";
    asks(&[ACTIX, ("src/main.rs", actix)], Some("/api/health"));
    let bare = "#[get(\"/health\")]\nasync fn f() {}\nfn main() {\n  HttpServer::new(|| App::new().service(web::scope(\"/api\").service(f)))\n}\n";
    asks(&[ACTIX, ("src/main.rs", bare)], Some("/api/health"));
    let beside = bare.replace(".service(f))", ".service(g)).service(f)");
    asks(&[ACTIX, ("src/main.rs", &beside)], Some("/health"));
    let within = bare.replace("web::scope(\"/api\")", "web::scope(\"/v1\").service(web::scope(\"/api\")");
    asks(&[ACTIX, ("src/main.rs", &within.replace(".service(f))", ".service(f)))"))], Some("/v1/api/health"));
    asks(&[ACTIX, ("src/main.rs", &bare.replace(".service(f)", ".configure(all)"))], None);
    let away = ("src/routes.rs", "#[get(\"/health\")]\npub async fn f() {}\n");
    let main = "mod routes;\nfn main() {\n  HttpServer::new(|| App::new().service(web::scope(\"/api\").service(routes::f)))\n}\n";
    asks(&[ACTIX, away, ("src/main.rs", main)], Some("/api/health"));
    let launched = "#[get(\"/health\")]\nfn f() {}\n#[launch]\nfn rocket() -> _ {\n  rocket::build().mount(\"/\", routes![g]).mount(\"/api\", routes![f])\n}\n";
    asks(&[ROCKET, ("src/main.rs", launched)], Some("/api/health"));
    asks(
        &[ROCKET, ("src/main.rs", &launched.replace("routes![g]", "routes![a::f]").replace("[f]", "[g]"))],
        Some("/health"),
    );
    let spring = "@RestController\n@RequestMapping(\"/api\")\npublic class A {\n  @GetMapping(\"/health\")\n  String f() {}\n}\n";
    let main =
        ("src/main/java/M.java", "@SpringBootApplication\npublic class M { public static void main(String[] a) {} }\n");
    asks(&[SPRING, main, ("src/main/java/A.java", spring)], Some("/api/health"));
    let settings = ("src/main/resources/application.properties", "server.servlet.context-path=/shop\n");
    asks(&[SPRING, main, ("src/main/java/A.java", spring), settings], Some("/shop/api/health"));
    let rails = "Rails.application.routes.draw do\n  namespace :api do\n    get \"health\", to: \"a#b\"\n  end\n  get \"status\", to: \"a#c\"\nend\n";
    asks(&[RAILS, ("config/routes.rb", rails)], Some("/api/health"));
}

#[test]
fn in_the_main_file() {
    let route =
        ("routes/health.js", "const router = express.Router()\nrouter.get('/health', f)\nmodule.exports = router\n");
    for (mount, path) in [
        ("app.use('/api', require('./routes/health'))", Some("/api/health")),
        ("const h = require('./routes/health')\napp.use('/api', h)", Some("/api/health")),
        ("app.use(prefix, require('./routes/health'))", None),
        ("app.use('/api', everything)", None),
    ] {
        asks(&[NODE, ("app.js", &format!("const app = express()\n{mount}\napp.listen(3000)\n")), route], path);
    }
    let routed = ("app/health.py", "router = APIRouter()\n@router.get('/health')\ndef f(): pass\n");
    let main = "from app import health\napp = FastAPI()\napp.include_router(health.router, prefix='/api')\n";
    asks(&[FASTAPI, ("main.py", main), routed], Some("/api/health"));
    let made = |import: &str, registered: &str| {
        format!(
            "from flask import Flask\ndef create_app():\n    app = Flask(__name__)\n    {import}\n    app.register_blueprint({registered})\n    return app\n"
        )
    };
    for (import, registered, blueprint, imported, path) in [
        ("from shop.api import bp as api_bp", "api_bp, url_prefix='/api'", "", "shop.api", Some("/api/health")),
        ("from .api import bp", "bp", ", url_prefix='/api'", ".", Some("/api/health")),
        ("from .api import bp", "bp, url_prefix=settings.PREFIX", "", ".", None),
    ] {
        let blueprint = format!(
            "from flask import Blueprint\nbp = Blueprint('api', __name__{blueprint})\nfrom shop.api import routes\n"
        );
        let views = format!("from {imported} import bp\n@bp.route('/health')\ndef health(): pass\n");
        asks(
            &[
                FLASK,
                ("wsgi.py", "from shop import create_app\napp = create_app()\n"),
                ("shop/__init__.py", &made(import, registered)),
                ("shop/api/__init__.py", &blueprint),
                ("shop/api/routes.py", &views),
            ],
            path,
        );
    }
    let urls = "urlpatterns = [path('api/', include('shop.urls'))]\n";
    let below = ("shop/urls.py", "urlpatterns = [path('health/', f)]\n");
    asks(&[DJANGO, ("manage.py", "x"), ("site/urls.py", urls), below], Some("/api/health/"));
    let controller = ("src/a.controller.ts", "@Controller('a')\nexport class A {\n  @Get('health')\n  f() {}\n}\n");
    asks(&[NEST, ("src/main.ts", "app.listen(3000)\n"), controller], Some("/a/health"));
    asks(&[NEST, ("src/main.ts", "app.setGlobalPrefix('api')\napp.listen(3000)\n"), controller], Some("/api/a/health"));
    asks(&[NEXT, ("next.config.js", "module.exports = { basePath: '/docs' }\n")], Some("/docs/"));
}

#[test]
fn what_is_no_route() {
    let plug = "defmodule E do\n  use Phoenix.Endpoint, otp_app: :e\n  # Serve at \"/\" what is static.\n  plug Plug.Static,\n    at: \"/\", from: :e\nend\n";
    let mix = "defmodule E.MixProject do\n defp deps do\n [{:phoenix, \"~> 1.7\"}]\n end\nend\n";
    let scope = "defmodule E.Router do\n  scope \"/api\", E do\n    get \"/users\", A, :b\n  end\nend\n";
    asks(&[("mix.exs", mix), ("lib/e/endpoint.ex", plug), ("lib/e/router.ex", scope)], None);

    let bare = |route: &str| format!("defmodule E.Router do\n  scope \"/\", E do\n    {route}, A, :b\n  end\nend\n");
    asks(&[("mix.exs", mix), ("lib/e/router.ex", &bare("get \"/users\""))], None);
    asks(&[("mix.exs", mix), ("lib/e/router.ex", &bare("live \"/\""))], Some("/"));

    let session = ("app/Http/A.php", "<?php $request->session()->get('status');");
    let up = ("bootstrap/app.php", "<?php withRouting(web: 'a', health: '/well')");
    asks(&[LARAVEL, ("artisan", "x"), session, up], Some("/well"));
    let api = ("routes/api.php", "<?php Route::prefix('v1')->group(function () {\n  Route::get('/health', f);\n});");
    asks(&[LARAVEL, ("artisan", "x"), session, api], Some("/api/v1/health"));
}
