//! `wharf engine`: the background process.

use super::output::{self, Style};
use super::{Context, EngineCommand, Outcome};
use crate::api::client::{self, Client};
use crate::model::{EngineInfo, Problem};

pub(super) async fn run(command: EngineCommand, context: &Context) -> Result<Outcome, Problem> {
    match command {
        EngineCommand::Start => {
            let client = context.client().await?;
            show(context, &client.info().await?);
        }
        EngineCommand::Status => {
            let client = Client::connect(&context.data_dir).await?;
            show(context, &client.info().await?);
        }
        EngineCommand::Stop => {
            let pid = client::stop(&context.data_dir).await?;
            if context.json {
                output::json(&serde_json::json!({ "stopped": pid }));
            } else {
                output::line(format!("the engine (process {pid}) has stopped; what is deployed keeps running"));
            }
        }
        // The program itself answers this one.
        EngineCommand::Run(_) => {}
    }
    Ok(Outcome::Done)
}

fn show(context: &Context, info: &EngineInfo) {
    if context.json {
        return output::json(info);
    }
    output::styled_line(format!(
        "{} as process {} for {}, version {}, {} workers",
        output::styled("The engine runs", Style::Good),
        info.pid,
        output::age(info.started_at),
        info.version,
        info.workers
    ));
    output::line(format!("  data   {}", info.data_dir.display()));
    if let Some(notice) = &info.notice {
        output::warning(notice);
    }
    output::line(format!("  log    {}", crate::api::rendezvous::log_dir(&info.data_dir).display()));
}
