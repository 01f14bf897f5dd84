//! What the reviewer proposes for a person's files, and what becomes of it.

use std::fs;

use crate::support::wharf::Wharf;

const OWN: &str = "FROM python:3.13
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir -r requirements.txt
USER 1000
CMD [\"python\", \"app.py\"]
";

#[test]
fn proposals_are_shown_and_those_chosen_are_written() {
    let wharf = Wharf::new();
    let root = wharf.path("shop");
    fs::create_dir(&root).unwrap();
    let put = |name: &str, text: &str| fs::write(root.join(name), text).unwrap();
    put("requirements.txt", "flask==3.1.0\n");
    put("app.py", "from flask import Flask\napp = Flask(__name__)\napp.run(host='0.0.0.0', port=8000)\n");
    put("Dockerfile", OWN);
    put(".dockerignore", ".git\n.env\n.env.*\n");
    wharf.run(&["generate", "shop"]).exits(0);
    wharf.run(&["generate", "shop", "--check"]).exits(0);

    let shown = wharf.run(&["generate", "shop", "--review"]).exits(0).stdout;
    for says in
        ["1. Dockerfile:1: full-base-image (size)", "2. Dockerfile:3: cache-order (cache)", "+FROM python:3.13-slim"]
    {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    let listed = wharf.json(&["generate", "shop", "--review"]);
    let proposals = listed["proposals"].as_array().unwrap();
    assert_eq!(proposals.len(), 2, "nothing is said of what Wharf generated: {listed}");
    assert_eq!((&proposals[1]["rule"], &proposals[1]["line"]), (&"cache-order".into(), &3.into()));
    assert_eq!(fs::read_to_string(root.join("Dockerfile")).unwrap(), OWN, "showing writes nothing");

    wharf.run(&["generate", "shop", "--review", "--apply", "3"]).exits(2);
    wharf.run(&["generate", "shop", "--apply", "1"]).exits(2);
    let compose = fs::read_to_string(root.join("compose.yaml")).unwrap();
    wharf.run(&["generate", "shop", "--review", "--apply", "2"]).exits(0);
    let after = fs::read_to_string(root.join("Dockerfile")).unwrap();
    let ordered = "COPY requirements.txt ./\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\nUSER 1000\n";
    assert!(after.contains(ordered) && after.starts_with("FROM python:3.13\n"), "{after}");
    assert_eq!(fs::read_to_string(root.join("compose.yaml")).unwrap(), compose);
    wharf.run(&["generate", "shop", "--check"]).exits(0);
    wharf.run(&["generate", "shop", "--review", "--apply", "1"]).exits(0);
    assert_eq!(wharf.json(&["generate", "shop", "--review"])["proposals"], serde_json::json!([]));
    wharf.run(&["generate", "shop", "--check"]).exits(0);
}
