//! Whether anybody outside of a container reaches what listens.

use super::detect_files;

type Files<'a> = &'a [(&'a str, &'a str)];

/// The warnings of programs that nobody outside reaches.
fn shut(files: Files<'_>) -> Vec<String> {
    let warnings = detect_files(files).warnings.into_iter().filter(|one| one.says.contains("reaches"));
    warnings.map(|one| format!("{}: {}", one.file, one.says)).collect()
}

const NODE: (&str, &str) =
    ("package.json", r#"{"dependencies": {"express": "4"}, "scripts": {"start": "node server.js"}}"#);
const LISTENS: (&str, &str) = ("server.js", "const app = express();\napp.listen(3000, '127.0.0.1');\n");

#[test]
fn a_program_for_its_own_machine_only_is_told_with_its_place_and_the_way_out() {
    let says = "which nothing outside of a container reaches: let it listen on 0.0.0.0";
    assert_eq!(shut(&[NODE, LISTENS]), [format!("server.js: at line 2 it listens on 127.0.0.1 only, {says}")]);
    let go = ("main.go", "package main\n\nfunc main() {\n\thttp.ListenAndServe(\"localhost:8080\", nil)\n}\n");
    let module = ("go.mod", "module a.b/c\n\ngo 1.23\n");
    assert_eq!(shut(&[module, go]), [format!("main.go: at line 4 it listens on localhost only, {says}")]);
    let python = ("app.py", "import http.server\n\nhttp.server.HTTPServer(('127.0.0.1', 8000), H).serve_forever()\n");
    assert_eq!(shut(&[python]), [format!("app.py: at line 3 it listens on 127.0.0.1 only, {says}")]);
    let cargo = ("Cargo.toml", "[package]\nname = \"a\"\n[dependencies]\naxum = \"0.8\"\n");
    let rust =
        "fn main() {\n  let at = SocketAddr::from(([127, 0, 0, 1], 3000));\n  let l = TcpListener::bind(at);\n}\n";
    let told = shut(&[cargo, ("src/main.rs", rust)]);
    assert_eq!(told, [format!("src/main.rs: at line 3 it listens on 127.0.0.1 only, {says}")]);
    let fastify = ("package.json", r#"{"dependencies": {"fastify": "5"}, "scripts": {"start": "node server.js"}}"#);
    assert_eq!(shut(&[fastify, ("server.js", "app.listen({ port: 3000 })")]).len(), 1);
    let procfile = ("Procfile", "web: uvicorn main:app --port $PORT\n");
    let told = shut(&[("requirements.txt", "fastapi\nuvicorn\n"), ("main.py", "app = FastAPI()\n"), procfile]);
    assert_eq!(told, [format!("Procfile: its start command has it listen on 127.0.0.1 only, {says}")]);
}

#[test]
fn what_is_told_elsewhere_where_to_listen_is_not_warned_of() {
    let host = ("server.js", "app.listen(3000, process.env.HOST || '127.0.0.1');\n");
    let script = r#"{"dependencies": {"express": "4"}, "scripts": {"start": "HOST=0.0.0.0 node server.js"}}"#;
    let flask = ("app.py", "app = Flask(__name__)\nif __name__ == '__main__':\n    app.run(host='127.0.0.1')\n");
    let cases: &[Files<'_>] = &[
        &[NODE, host],
        &[("package.json", script), LISTENS],
        &[NODE, LISTENS, ("Dockerfile", "FROM node\nCMD [\"node\", \"server.js\", \"--host\", \"0.0.0.0\"]\n")],
        &[NODE, LISTENS, ("wharf.toml", "[app]\nstart = \"node server.js --host 0.0.0.0\"\n")],
        &[NODE, ("server.js", "debug.listen(9229, 'localhost');\napp.listen(3000);\n")],
        &[NODE, ("server.js", "app.listen(3000);\n"), ("server.test.js", "app.listen(0, 'localhost')")],
        // Its own server is pointed at the app; what the file does when it is run itself does not count.
        &[("requirements.txt", "flask\ngunicorn\n"), flask],
        &[("requirements.txt", "flask\n"), flask, ("Procfile", "web: gunicorn app:app\n")],
    ];
    for files in cases {
        assert_eq!(shut(files), Vec::<String>::new(), "{files:?}");
    }
}
