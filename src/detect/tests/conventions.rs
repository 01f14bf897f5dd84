//! What the conventions of each tool say where its manifest says less.

use super::{detect_files, line, only};

/// The one line of a profile that each of these trees must give.
fn each_is(cases: &[(&[(&str, &str)], &str)]) {
    for (files, expected) in cases {
        assert_eq!(line(&only(files)), *expected, "{files:?}");
    }
}

#[test]
fn sources_show_the_framework_that_a_list_leaves_out() {
    each_is(&[
        (
            &[("requirements.txt", "Flask==3.0\n"), ("app.py", "from eve import Eve\nfrom flask import request\n")],
            "python | eve | pip | 3.12 | python app.py | 8000",
        ),
        (
            &[
                ("requirements.txt", "locust==2\n    # via -r requirements.in\nflask==3\n    # via locust\n"),
                ("main.py", "print(1)\n"),
            ],
            "python | - | pip | 3.12 | python main.py | -",
        ),
        (
            &[
                ("build.sbt", "lazy val routes = ProjectRef(uri(\"https://a.b/x.git\"), \"scalene-routing\")\n"),
                ("src/main/scala/A.scala", "object A extends App\n"),
            ],
            "scala | scalene | sbt | 21 | sbt run | 8080",
        ),
        (
            &[
                (
                    "go.mod",
                    "module a/b\ngo 1.25\nrequire (\n\tgithub.com/gofiber/fiber/v3 v3.0.0\n\tgithub.com/danielgtaylor/huma/v2 v2.3.0\n)\n",
                ),
                ("main.go", "package main\nfunc main() { app.Listen(\":3000\") }\n"),
            ],
            "go | fiber | gomod | 1.25 | ./bin/app | 3000",
        ),
        (
            &[
                ("settings.gradle", "rootProject.name = 'app'\n"),
                (
                    "build.gradle",
                    "plugins { id 'application' }\ndependencies {\n  implementation 'a.b:c:1',\n    'io.grpc:grpc-netty:1.70'\n}\n",
                ),
                ("src/main/java/A.java", "class A { public static void main(String[] a) {} }\n"),
            ],
            "java | grpc | gradle | 21 | ./build/install/app/bin/app | 8080",
        ),
    ]);
}

#[test]
fn what_runs_is_told_from_what_only_lies_there() {
    each_is(&[
        // A program of Node.js beside the pages that it serves.
        (
            &[("app.js", "const Koa = require('koa');\napp.listen(4000)\n"), ("public/index.html", "<p>")],
            "node | - | npm | 22 | node app.js | 4000",
        ),
        // A package's own script, not the file that makes it a package.
        (
            &[
                ("pyproject.toml", "[project]\nname = \"shop\"\n[project.scripts]\nshop = \"shop:main\"\n"),
                ("src/shop/__init__.py", "def main(): pass\n"),
            ],
            "python | - | pip | 3.12 | shop | -",
        ),
        (
            &[("Gemfile", "gem 'rake'\n"), ("Rakefile", "task :default => [:main]\n"), ("lib/a.rb", "puts 1\n")],
            "ruby | - | bundler | 3.4 | bundle exec rake | -",
        ),
        (&[("serve.cc", "#include <httpserver.hpp>\nint main() {}\n")], "cpp | libhttpserver | - | - | ./app | 8080"),
        (
            &[
                ("shard.yml", "name: a\ndependencies:\n  kemal:\n    github: kemalcr/kemal\n"),
                ("server-pg.cr", "Kemal.run\n"),
            ],
            "crystal | kemal | shards | 1.16.3 | ./bin/app --port $PORT | 3000",
        ),
        // An ignored program, which only the Dockerfile shows.
        (
            &[
                ("go.mod", "module a/shop\ngo 1.25\nrequire github.com/gofiber/fiber/v3 v3.0.0\n"),
                ("Dockerfile", "FROM golang\nRUN go build -o shop ./cmd/shop\n"),
            ],
            "go | fiber | gomod | 1.25 | - | 8080",
        ),
    ]);
    // What a program only speaks of it does not use, and a page beside a package of a registry is not its app.
    let speaks = [
        ("go.mod", "module a/b\ngo 1.25\nrequire github.com/spf13/cobra v1.8.0\n"),
        ("main.go", "package main\nvar known = []string{\"github.com/gin-gonic/gin\"}\n"),
    ];
    assert_eq!(only(&speaks).framework, None);
    let found = detect_files(&[
        ("package.json", "{\"private\": true, \"workspaces\": [\"packages/*\"]}"),
        ("packages/ui/package.json", "{\"exports\": \"./a.js\", \"scripts\": {\"build\": \"tsc\"}}"),
        ("packages/ui/index.html", "<p>"),
        ("packages/web/package.json", "{\"dependencies\": {\"next\": \"15\"}}"),
        ("tests/mod/pubspec.yaml", "name: a\nworkspace:\n  - b\n"),
        ("tests/mod/b/pubspec.yaml", "name: b\n"),
    ]);
    assert_eq!(found.apps.iter().map(|app| app.path.as_str()).collect::<Vec<_>>(), ["packages/web"]);
    assert_eq!(found.monorepo.unwrap().tool, "npm");
    // Meson builds Vala too, and what a tool keeps below a dot is no app.
    assert!(detect_files(&[("meson.build", "project('shop', 'vala', 'c')\n"), ("shop.vala", "")]).apps.is_empty());
    let hidden = [
        ("deno.json", "{\"tasks\": {\"start\": \"deno run main.ts\"}}"),
        ("main.ts", "Deno.serve(() => 1)"),
        (".vite/deps/package.json", "{\"type\": \"module\"}"),
    ];
    assert_eq!(only(&hidden).stack, "deno");
}

#[test]
fn builds_that_say_little_are_known_by_their_files() {
    each_is(&[
        (
            &[
                (
                    "pom.groovy",
                    "project {\n  artifactId 'shop'\n  version '1.0'\n  properties {\n    'maven.compiler.target' '17'\n  }\n  dependencies {\n    dependency {\n      groupId 'io.undertow'\n      artifactId 'undertow-core'\n      version '2.1'\n    }\n  }\n}\n",
                ),
                ("Procfile", "web: java -cp target/classes App\n"),
            ],
            "java | undertow | maven | 17 | java -cp target/classes App | 8080",
        ),
        (
            &[("application.properties", "app.grails.version=2.4.4\napp.name=shop\n"), ("web-app/js/a.js", "")],
            "java | grails | grails-wrapper | 21 | CATALINA_OPTS=-Dport.http=$PORT catalina.sh run | 8080",
        ),
        (
            &[
                (
                    "pom.xml",
                    "<project><artifactId>a</artifactId><version>1</version><build><plugins><plugin>\
                    <artifactId>maven-shade-plugin</artifactId><configuration><manifestEntries><Main-Class>b.App</Main-Class>\
                    </manifestEntries></configuration></plugin></plugins></build></project>",
                ),
                ("src/main/java/b/V.java", "class V {}\n"),
            ],
            "java | - | maven | 21 | java -jar target/a-1.jar | -",
        ),
        (
            &[("pubspec.yaml", "name: a\n"), ("server.dart", "void main() { HttpServer.bind('', 1); }\n")],
            "dart | - | pub | 3.9 | ./server | 8080",
        ),
        (&[("_config.yml", "title: Notes\n")], "static | jekyll | - | - | - | 8080"),
        (
            &[("index.php", "<?php"), ("wp-cli.phar", "")],
            "php | wordpress | - | 8.3 | php -S 0.0.0.0:$PORT -t . | 8080",
        ),
    ]);
    let hugo = [
        ("config/_default/config.toml", "baseURL = \"/\"\n"),
        ("content/a.md", ""),
        ("layouts/index.html", ""),
        ("config/_default/params.toml", ""),
    ];
    assert_eq!(only(&hugo).path, ".");
}

#[test]
fn what_a_build_of_javascript_leaves_decides_how_it_is_served() {
    let next =
        "{\"dependencies\": {\"next\": \"15\"}, \"scripts\": {\"build\": \"next build\", \"start\": \"next start\"}}";
    let start = "{\"dependencies\": {\"@tanstack/react-start\": \"1\"}, \"devDependencies\": {\"vite\": \"8\"}}";
    each_is(&[
        (
            &[("package.json", next), ("next.config.ts", "const c = {\n  output: 'export',\n};\n")],
            "node | nextjs | npm | 22 | npx serve out -l $PORT | 3000",
        ),
        (
            &[("package.json", next), ("next.config.ts", "const c = {\n  // output: 'export',\n};\n")],
            "node | nextjs | npm | 22 | npm run start | 3000",
        ),
        (
            &[("package.json", start)],
            "node | tanstack-start | npm | 22 | npx srvx --prod -s ../client dist/server/server.js | 3000",
        ),
        (
            &[
                ("package.json", "{\"dependencies\": {\"@google-cloud/functions-framework\": \"3\"}}"),
                ("index.js", "exports.__esModule = true;\nexports.hello = (req, res) => res.send('');\n"),
            ],
            "node | functions-framework | npm | 22 | npx functions-framework --target=hello | 3000",
        ),
    ]);
}
