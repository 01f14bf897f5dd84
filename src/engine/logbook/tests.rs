use super::*;

fn line(text: &str, step: Option<StepName>, position: Option<u64>) -> NewLine {
    NewLine {
        at: Timestamp::from_millis(7),
        source: "web".into(),
        step,
        stream: LogStream::Stdout,
        text: text.into(),
        position,
    }
}

async fn texts(book: &Logbook, id: &DeploymentId, query: LogQuery) -> Vec<String> {
    book.read(id, query).await.map(|line| line.text).collect().await
}

#[tokio::test]
async fn lines_are_numbered_on_across_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let id = DeploymentId::from("d");
    let book = Logbook::open(folder.path()).unwrap();
    book.write(&id, line("one", None, Some(10))).await;
    book.write(&id, line("two", None, Some(20))).await;
    assert_eq!(texts(&book, &id, LogQuery::default()).await, ["one", "two"]);
    let book = Logbook::open(folder.path()).unwrap();
    assert_eq!(book.position(&id, "web").await, Some(20));
    book.write(&id, line("three", None, None)).await;
    let cursors: Vec<u64> = book.read(&id, LogQuery::default()).await.map(|line| line.cursor).collect().await;
    assert_eq!(cursors, [1, 2, 3]);
}

#[tokio::test]
async fn a_query_narrows_by_tail_step_and_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let id = DeploymentId::from("d");
    let book = Logbook::open(folder.path()).unwrap();
    for number in 1..=1000 {
        let step = if number % 2 == 0 { Some(StepName::Build) } else { None };
        book.write(&id, line(&number.to_string(), step, None)).await;
    }
    let tail = |tail, step| LogQuery { tail: Some(tail), step, ..LogQuery::default() };
    assert_eq!(texts(&book, &id, tail(2, None)).await, ["999", "1000"]);
    assert_eq!(texts(&book, &id, tail(2, Some(StepName::Build))).await, ["998", "1000"]);
    assert_eq!(texts(&book, &id, tail(0, None)).await, Vec::<String>::new());
    assert_eq!(texts(&book, &id, tail(5000, None)).await.len(), 1000);
    let after = LogQuery { after: Some(998), ..LogQuery::default() };
    assert_eq!(texts(&book, &id, after).await, ["999", "1000"]);
}

#[tokio::test]
async fn a_follower_misses_nothing_and_ends_when_the_log_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let id = DeploymentId::from("d");
    let book = Logbook::open(folder.path()).unwrap();
    book.write(&id, line("0", None, None)).await;
    let follow = book.read(&id, LogQuery { follow: true, ..LogQuery::default() }).await;
    // More than a follower's queue holds, so that it has to read on from the file.
    for number in 1..5000 {
        book.write(&id, line(&number.to_string(), None, None)).await;
    }
    let got: Vec<LogLine> = follow.take(5000).collect().await;
    assert!(got.iter().zip(0_u64..).all(|(line, number)| line.text == number.to_string() && line.cursor == number + 1));
    let follow = book.read(&id, LogQuery { follow: true, tail: Some(0), ..LogQuery::default() }).await;
    book.close(&id).await;
    assert_eq!(follow.count().await, 0);
}

#[tokio::test]
async fn a_long_line_is_cut_and_a_torn_one_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let id = DeploymentId::from("d");
    std::fs::write(
        folder.path().join("d.log"),
        "{\"c\":4,\"t\":1,\"s\":\"stdout\",\"f\":\"web\",\"x\":\"a\"}\n{\"c\":5,\"t",
    )
    .unwrap();
    let book = Logbook::open(folder.path()).unwrap();
    book.write(&id, line(&"ä".repeat(LONGEST + 1), None, None)).await;
    let lines: Vec<LogLine> = book.read(&id, LogQuery::default()).await.collect().await;
    assert_eq!(lines[0].text, "a");
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1].text.chars().count(), LONGEST + 1);
}
