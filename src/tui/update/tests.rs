//! The update as a pure function.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Rect, Size};

use super::update;
use crate::model::{DeploymentStatus as Status, *};
use crate::tui::effect::Effect;
use crate::tui::look::{Look, Terminal};
use crate::tui::message::Message;
use crate::tui::model::samples::{self, NOW, deployment};
use crate::tui::model::{Act, Dialog, Folder, Link, Model, Notice, Offer, Pane, Remote};

fn model() -> Model {
    let size = Size { width: 120, height: 40 };
    Model::new(size, Timestamp::from_millis(NOW), Look::new(&Terminal::default()))
}

/// A model that knows those deployments of `shop` and `blog`.
fn connected(deployments: Vec<Deployment>) -> Model {
    let mut model = model();
    update(&mut model, Message::Snapshot(Box::new(samples::snapshot(&["blog", "shop"], deployments))));
    model.fleet.select_project(&ProjectId::from("shop"));
    update(&mut model, Message::Clock(samples::at(0)));
    model
}

fn key(code: KeyCode) -> Message {
    Message::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    keys.chars().flat_map(|letter| update(model, key(KeyCode::Char(letter)))).collect()
}

fn enter(model: &mut Model) -> Vec<Effect> {
    update(model, key(KeyCode::Enter))
}

fn event(kind: EventKind) -> Message {
    Message::Event(Box::new(Event { seq: 42, at: samples::at(0), kind }))
}

fn said(model: &Model) -> &str {
    match &model.notice {
        Some(Notice::Said(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_engine_has_to_say_is_shown_once_for_each_engine() {
    let mut model = model();
    let mut snapshot = samples::snapshot(&["shop"], Vec::new());
    let problem = Problem::new(ProblemCode::Failed, "state-corrupt", "the state was put aside");
    snapshot.engine.notice = Some(problem.clone());
    let told = |snapshot: &Snapshot| Message::Snapshot(Box::new(snapshot.clone()));
    update(&mut model, told(&snapshot));
    assert_eq!(model.notice, Some(Notice::Wrong(problem.clone())));
    update(&mut model, key(KeyCode::Esc));
    update(&mut model, told(&snapshot));
    assert_eq!(model.notice, None);
    // Another engine may have come to the same.
    snapshot.engine.started_at = snapshot.engine.started_at.plus(std::time::Duration::from_secs(9));
    update(&mut model, told(&snapshot));
    assert_eq!(model.notice, Some(Notice::Wrong(problem)));
}

#[test]
fn the_first_snapshot_looks_at_the_folder_and_at_docker() {
    let mut model = model();
    model.folder_path = Some("/srv/shop".into());
    model.docker_host = Some("tcp://build:2375".to_owned());
    let snapshot = || Message::Snapshot(Box::new(samples::snapshot(&["shop"], Vec::new())));
    let effects = update(&mut model, snapshot());
    assert!(effects.contains(&Effect::LookAt("/srv/shop".into())));
    assert!(effects.contains(&Effect::FindOffers("/srv/shop".into())));
    let host = Some("tcp://build:2375".to_owned());
    assert!(effects.contains(&Effect::Targets(vec![TargetRef { kind: TargetKind::Docker, host }])));
    // After a reconnection the folder is not looked at again.
    assert!(!update(&mut model, snapshot()).iter().any(|effect| matches!(effect, Effect::LookAt(_))));
}

#[test]
fn further_pages_of_projects_are_fetched() {
    let mut model = model();
    let mut snapshot = samples::snapshot(&["a"], Vec::new());
    snapshot.projects.next = Some("a".to_owned());
    snapshot.projects.total = 2;
    assert!(update(&mut model, Message::Snapshot(Box::new(snapshot))).contains(&Effect::MoreProjects("a".to_owned())));
    let page = Page { items: vec![samples::project("b")], next: None, total: 2 };
    assert_eq!(update(&mut model, Message::Projects(Ok(page))), []);
    assert_eq!(model.fleet.len(), 2);
}

#[test]
fn what_is_selected_is_asked_for_once() {
    let mut model = model();
    let deployments = vec![deployment("shop", "shop", "d1", Status::Healthy)];
    let effects = update(&mut model, Message::Snapshot(Box::new(samples::snapshot(&["shop"], deployments))));
    for wanted in [
        Effect::Detect("shop".into(), false),
        Effect::Logs(Some("d1".into())),
        Effect::Detail("d1".into()),
        Effect::History("d1".into()),
    ] {
        assert_eq!(effects.iter().filter(|effect| **effect == wanted).count(), 1, "{wanted:?} in {effects:?}");
    }
    assert_eq!(update(&mut model, Message::Clock(samples::at(0))), []);
    // Files are generated as soon as somebody looks at them.
    let effects = press(&mut model, "2");
    let artifacts = ("shop".into(), "shop".to_owned());
    assert_eq!(effects, [Effect::Artifacts(artifacts.clone())]);
    let effects = update(&mut model, Message::Artifacts(artifacts, Ok(samples::artifacts())));
    assert!(matches!(&effects[..], [Effect::Colour(_, path, _)] if path == "Dockerfile"));
}

#[test]
fn deploying_asks_for_the_plan_and_then_begins() {
    let mut model = connected(Vec::new());
    let effects = press(&mut model, "d");
    let [Effect::Plan(request)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((request.environment, request.target.kind), (Environment::Development, TargetKind::Docker));
    assert_eq!(model.main, Pane::Deploy);
    let effects = update(&mut model, Message::Planned(request.clone(), Ok(vec![samples::plan(&[])])));
    assert_eq!(effects, [Effect::Act(Act::Deploy(request.clone()))]);
    update(&mut model, Message::Deploying(Ok(vec![deployment("shop", "web", "d9", Status::Queued)])));
    assert_eq!(model.deployment().map(|deployment| deployment.id.as_str()), Some("d9"));
}

#[test]
fn an_answer_that_is_later_than_its_events_changes_nothing() {
    let mut model = connected(Vec::new());
    update(&mut model, event(EventKind::Deployment(Box::new(deployment("shop", "web", "d9", Status::Running)))));
    update(&mut model, Message::Deploying(Ok(vec![deployment("shop", "web", "d9", Status::Queued)])));
    assert_eq!(model.deployment().map(|deployment| deployment.status), Some(Status::Running));
}

#[test]
fn missing_values_are_asked_for_and_secrets_stay_secret() {
    let mut model = connected(Vec::new());
    let effects = press(&mut model, "d");
    let [Effect::Plan(request)] = &effects[..] else { panic!("{effects:?}") };
    let preview = samples::plan(&["SESSION_SECRET", "LOG_LEVEL"]);
    assert_eq!(update(&mut model, Message::Planned(request.clone(), Ok(vec![preview]))), []);
    press(&mut model, "info");
    assert_eq!(enter(&mut model), []);
    press(&mut model, "hunter2");
    assert!(!format!("{:?}", model.look).contains("hunter2"));
    let effects = enter(&mut model);
    let [Effect::Act(Act::Deploy(request))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(request.set.get("LOG_LEVEL").map(String::as_str), Some("info"));
    assert_eq!(request.secrets.get("SESSION_SECRET").map(Secret::reveal), Some("hunter2"));
    assert!(!format!("{request:?}").contains("hunter2"));
    assert!(model.dialog.is_none());
}

#[test]
fn without_docker_the_process_target_is_offered() {
    let mut model = connected(Vec::new());
    update(&mut model, Message::Targets(Ok(vec![samples::docker(false)])));
    assert_eq!(press(&mut model, "d"), []);
    let effects = press(&mut model, "y");
    let [Effect::Plan(request)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(request.target.kind, TargetKind::Process);
}

#[test]
fn what_is_lost_is_asked_about_first() {
    let mut model = connected(vec![deployment("shop", "web", "d1", Status::Healthy)]);
    for (letter, act) in [("s", Act::Stop("d1".into())), ("r", Act::Restart("d1".into()))] {
        assert_eq!(press(&mut model, letter), []);
        assert!(matches!(model.dialog, Some(Dialog::Confirm(_))));
        assert_eq!(press(&mut model, "n"), []);
        press(&mut model, letter);
        assert_eq!(press(&mut model, "y"), [Effect::Act(act)]);
    }
    press(&mut model, "x");
    let Some(Dialog::Confirm(confirm)) = &model.dialog else { panic!() };
    let body = confirm.body.join("\n");
    assert!(body.contains("20017") && body.contains("releases") && body.contains("wharf-shop-web"), "{body}");
    let with = |volumes| [Effect::Act(Act::Delete("d1".into(), DeleteQuery { volumes }))];
    assert_eq!(enter(&mut model), with(false));
    assert_eq!(press(&mut model, "x y"), with(true));
}

#[test]
fn production_wants_the_name_typed() {
    let mut live = deployment("shop", "web", "d1", Status::Healthy);
    live.key.environment = Environment::Production;
    let mut model = connected(vec![live]);
    for letter in ["s", "x", "d"] {
        press(&mut model, letter);
        press(&mut model, "shoy");
        assert_eq!(enter(&mut model), []);
        assert!(model.dialog.is_some(), "a wrong name keeps the question open");
        update(&mut model, key(KeyCode::Backspace));
        press(&mut model, "p");
        assert_eq!(enter(&mut model).len(), 1, "{letter}");
    }
}

#[test]
fn the_environment_is_chosen_for_the_next_deployment() {
    let mut model = connected(vec![deployment("shop", "web", "d1", Status::Healthy)]);
    assert_eq!(press(&mut model, "e"), []);
    assert_eq!(model.environment(), Environment::Staging);
    let effects = press(&mut model, "d");
    let [Effect::Plan(request)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((request.environment, request.app.as_deref()), (Environment::Staging, Some("web")));
    press(&mut model, "ee");
    assert_eq!(model.environment(), Environment::Development);
    press(&mut model, "e");
    model.focus = Pane::Projects;
    press(&mut model, "k");
    assert_eq!(model.environment(), Environment::Development, "another row begins anew");
}

#[test]
fn releases_are_chosen_and_confirmed() {
    let mut model = connected(vec![deployment("shop", "web", "d3", Status::Healthy)]);
    assert_eq!(press(&mut model, "b"), [Effect::Releases("d3".into())]);
    let release = |number, id: &str| Release {
        key: samples::key("shop", "web"),
        number,
        deployment: id.into(),
        image: None,
        artifacts: Vec::new(),
        commit: None,
        source: None,
        created_at: samples::at(500),
    };
    let view =
        ReleasesView { live: Some("d3".into()), releases: vec![release(3, "d3"), release(2, "d2"), release(1, "d1")] };
    update(&mut model, Message::Releases("d3".into(), Ok(view)));
    press(&mut model, "j");
    enter(&mut model);
    let back = RollbackRequest { release: Some(1) };
    assert_eq!(press(&mut model, "y"), [Effect::Act(Act::Rollback("d3".into(), back))]);
}

#[test]
fn the_end_of_a_deployment_is_told() {
    let mut model = connected(vec![deployment("shop", "web", "d1", Status::Running)]);
    update(&mut model, event(EventKind::Deployment(Box::new(deployment("shop", "web", "d1", Status::Healthy)))));
    assert_eq!(said(&model), "shop/web is healthy at http://127.0.0.1:20017");
    let mut model = connected(vec![deployment("shop", "web", "d1", Status::Running)]);
    update(&mut model, event(EventKind::Deployment(Box::new(deployment("shop", "web", "d1", Status::Failed)))));
    let Some(Notice::Wrong(problem)) = &model.notice else { panic!() };
    assert!(problem.message.contains("health") && problem.fix.contains('6'));
}

#[test]
fn a_failed_redeploy_shows_the_failure_and_measures_what_serves() {
    let deployments =
        vec![deployment("shop", "web", "d1", Status::Healthy), deployment("shop", "web", "d2", Status::Failed)];
    let mut model = connected(deployments);
    let shown = |model: &Model| model.deployment().map(|deployment| deployment.id.to_string());
    assert_eq!((shown(&model).as_deref(), model.running().unwrap().id.as_str()), (Some("d2"), "d1"));
    assert_eq!(press(&mut model, "o").first(), Some(&Effect::Logs(Some("d1".into()))));
    assert_eq!(shown(&model).as_deref(), Some("d1"));
    press(&mut model, "s");
    assert_eq!(press(&mut model, "y"), [Effect::Act(Act::Stop("d1".into()))]);
}

#[test]
fn a_lost_engine_is_said_and_found_again() {
    let mut model = connected(vec![deployment("shop", "web", "d1", Status::Healthy)]);
    let problem = Problem::new(ProblemCode::Unreachable, "engine-lost", "gone");
    update(&mut model, Message::Lost(problem.clone()));
    assert_eq!(model.link, Link::Lost(problem));
    assert_eq!(press(&mut model, "d"), []);
    assert!(said(&model).contains('E'));
    assert_eq!(press(&mut model, "E"), [Effect::Connect]);
    let effects = update(&mut model, Message::Snapshot(Box::new(samples::snapshot(&["shop"], Vec::new()))));
    assert_eq!(model.link, Link::Up);
    assert!(effects.contains(&Effect::Detect("shop".into(), false)), "what failed meanwhile is asked for again");
}

#[test]
fn a_folder_without_an_app_offers_the_demos() {
    let mut model = model();
    update(&mut model, Message::Snapshot(Box::new(samples::snapshot(&[], Vec::new()))));
    update(&mut model, Message::Folder(Ok(None)));
    assert_eq!(model.folder, Folder::Empty);
    update(&mut model, Message::Offers(vec![Offer { name: "go".into(), path: "/w/demos/go".into() }]));
    let location = Location::Folder { path: "/w/demos/go".into() };
    assert_eq!(enter(&mut model), [Effect::Add(AddProject { location, name: None })]);
    let effects = update(&mut model, Message::Added(Ok(samples::project("go"))));
    assert_eq!(effects, [Effect::Detect("go".into(), false)]);
    assert_eq!(model.project().map(|project| project.name.as_str()), Some("go"));
}

#[test]
fn a_project_is_added_by_path_or_address() {
    let add = |text: &str| {
        let mut model = connected(Vec::new());
        model.folder_path = Some("/srv".into());
        press(&mut model, "a");
        update(&mut model, Message::Paste(format!("{text}\nrest")));
        enter(&mut model)
    };
    let folder =
        |path: &str| [Effect::Add(AddProject { location: Location::Folder { path: path.into() }, name: None })];
    assert_eq!(add("/opt/app"), folder("/opt/app"));
    assert_eq!(add("app"), folder("/srv/app"));
    assert_eq!(add("~/app"), folder("~/app"));
    assert_eq!(add(""), []);
    let git = Location::Git { url: "https://example.org/a.git".into(), reference: Some("main".into()) };
    assert_eq!(add("https://example.org/a.git#main"), [Effect::Add(AddProject { location: git, name: None })]);
}

#[test]
fn the_filter_takes_letters_that_are_keys_elsewhere() {
    let mut model = connected(Vec::new());
    press(&mut model, "/shq");
    assert_eq!((model.fleet.filter(), model.quit), ("shq", false));
    update(&mut model, key(KeyCode::Backspace));
    enter(&mut model);
    assert_eq!(model.fleet.rows().len(), 1);
    update(&mut model, key(KeyCode::Esc));
    assert_eq!(model.fleet.rows().len(), 2);
}

#[test]
fn a_change_elsewhere_is_fetched_again() {
    let mut model = connected(vec![deployment("shop", "web", "d1", Status::Healthy)]);
    update(&mut model, Message::Detected("shop".into(), Ok(samples::detection())));
    assert!(matches!(model.detection(), Some(Remote::Ready(_))));
    let effects = update(&mut model, event(EventKind::Detected("shop".into())));
    assert_eq!(effects, [Effect::Detect("shop".into(), false)]);
    let effects =
        update(&mut model, event(EventKind::Deployment(Box::new(deployment("shop", "web", "d1", Status::Stopped)))));
    assert_eq!(effects, [Effect::Detail("d1".into())]);
}

#[test]
fn themes_are_tried_on_and_put_back() {
    let mut model = connected(Vec::new());
    let before = model.look.theme.name.clone();
    press(&mut model, "tj");
    assert_ne!(model.look.theme.name, before);
    update(&mut model, key(KeyCode::Esc));
    assert_eq!(model.look.theme.name, before);
    press(&mut model, "tj");
    enter(&mut model);
    assert_ne!(model.look.theme.name, before);
}

/// Anything that can happen to the control center.
fn anything() -> impl Strategy<Value = Message> {
    let code = prop_oneof![
        8 => proptest::sample::select("dsrbxcea/oDEjkgGhl0123456zt?yn fJK".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        1 => any::<char>().prop_map(KeyCode::Char),
        3 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down, KeyCode::PageUp,
            KeyCode::PageDown, KeyCode::Home, KeyCode::End, KeyCode::Backspace, KeyCode::Left, KeyCode::Right,
            KeyCode::Delete, KeyCode::F(1),
        ]),
    ];
    let modifiers = prop_oneof![
        8 => Just(KeyModifiers::NONE), 1 => Just(KeyModifiers::ALT), 1 => Just(KeyModifiers::SHIFT),
    ];
    let status = proptest::sample::select(Status::ALL.to_vec());
    let name = proptest::sample::select(vec!["shop", "blog", "new"]);
    prop_oneof![
        12 => (code, modifiers).prop_map(|(code, modifiers)| Message::Key(KeyEvent::new(code, modifiers))),
        2 => (0u16..250, 0u16..90).prop_map(|(width, height)| Message::Resize(Size { width, height })),
        1 => any::<String>().prop_map(Message::Paste),
        3 => (name.clone(), status, 0u8..9).prop_map(|(name, status, id)| {
            event(EventKind::Deployment(Box::new(deployment(name, "web", &format!("d{id}"), status))))
        }),
        1 => name.clone().prop_map(|name| Message::Detected(name.into(), Ok(samples::detection()))),
        1 => name.clone().prop_map(|name| event(EventKind::ProjectRemoved(name.into()))),
        1 => name.clone().prop_map(|name| Message::Added(Ok(samples::project(name)))),
        1 => (name, any::<bool>()).prop_map(|(name, missing)| {
            let names: &[&str] = if missing { &["TOKEN", "LEVEL"] } else { &[] };
            Message::Planned(samples::request(name), Ok(vec![samples::plan(names)]))
        }),
        1 => (0u8..9, 0u64..300).prop_map(|(id, count)| {
            let id = format!("d{id}");
            Message::Lines(id.as_str().into(), samples::log_lines(&id, count))
        }),
        1 => any::<bool>().prop_map(|available| Message::Targets(Ok(vec![samples::docker(available)]))),
        1 => Just(Message::Lost(Problem::new(ProblemCode::Unreachable, "engine-lost", "gone"))),
        1 => Just(Message::Snapshot(Box::new(samples::snapshot(
            &["blog", "shop"],
            vec![deployment("shop", "web", "d1", Status::Healthy), deployment("shop", "web", "d2", Status::Failed)],
        )))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_breaks_it_and_one_key_always_leaves(messages in proptest::collection::vec(anything(), 1..60)) {
        let mut model = connected(vec![deployment("shop", "web", "d1", Status::Healthy)]);
        for message in messages {
            update(&mut model, message);
            let mut buf = Buffer::empty(Rect::new(0, 0, model.size.width, model.size.height));
            if let Some(cursor) = crate::tui::view::view(&model, &mut buf) {
                prop_assert!(buf.area.contains(cursor));
            }
            if model.quit {
                return Ok(());
            }
        }
        update(&mut model, Message::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
        prop_assert!(model.quit);
    }
}

/// A model whose shop was looked at, with nobody having allowed to look further.
fn looked_at(allowed: bool) -> (Model, ProjectId) {
    let mut model = connected(Vec::new());
    let id = ProjectId::from("shop");
    let effects = update(&mut model, Message::Detected(id.clone(), Ok(samples::detection())));
    assert_eq!(effects, [Effect::Vulnerabilities(id.clone(), false)]);
    update(&mut model, Message::Vulnerabilities(id.clone(), Ok(samples::vulnerabilities("shop", allowed))));
    press(&mut model, "1");
    (model, id)
}

#[test]
fn nothing_about_dependencies_is_sent_before_it_was_asked_and_answered_with_yes() {
    let (mut model, _) = looked_at(false);
    assert_eq!(press(&mut model, "V"), [], "there is nothing to take back");
    assert_eq!(press(&mut model, "vn"), []);
    assert!(model.dialog.is_none());
    assert_eq!(press(&mut model, "v"), []);
    let Some(Dialog::Confirm(confirm)) = &model.dialog else { panic!("{:?}", model.dialog) };
    assert!(confirm.body[0].contains("https://api.osv.dev") && confirm.typed.is_none(), "{confirm:?}");
    assert_eq!(press(&mut model, "y"), [Effect::Act(Act::AllowAdvisories(true))]);
}

#[test]
fn once_allowed_it_is_asked_again_and_can_be_taken_back() {
    let (mut model, id) = looked_at(true);
    assert_eq!(press(&mut model, "v"), [Effect::Vulnerabilities(id.clone(), true)]);
    update(&mut model, Message::Vulnerabilities(id.clone(), Ok(samples::vulnerabilities("shop", true))));
    assert_eq!(press(&mut model, "V"), [Effect::Act(Act::AllowAdvisories(false))]);
    // Whoever changed it, in whichever client: what was known is looked up again.
    assert_eq!(update(&mut model, event(EventKind::Advisories)), [Effect::Vulnerabilities(id, false)]);
}

#[test]
fn what_changed_in_a_project_is_looked_up_again() {
    let (mut model, id) = looked_at(true);
    assert_eq!(update(&mut model, event(EventKind::Detected(id.clone()))), [Effect::Detect(id.clone(), false)]);
    let effects = update(&mut model, Message::Detected(id.clone(), Ok(samples::detection())));
    assert_eq!(effects, [Effect::Vulnerabilities(id, false)]);
}
