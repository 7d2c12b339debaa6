//! The commands that list stored data: `metrics`, `alerts`, `notifications` and `deliveries`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use checkpost_model::check::Status;

use super::format::ListFormat;
use crate::config::parse_duration;

/// Age, number and format of the rows.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only rows that are younger: 90s, 30m, 24h, 7d
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub since: Option<Duration>,
    /// Maximum number of rows
    #[arg(long, value_name = "ROWS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: ListFormat,
}

/// `checkpost alerts`
#[derive(Debug, Args)]
pub struct AlertsArgs {
    /// Also show alerts that are ok and still stored
    #[arg(long)]
    pub all: bool,
    /// Output format
    #[arg(long, value_enum, default_value = "text")]
    pub format: ListFormat,
}

/// `checkpost notifications`
#[derive(Debug, Args)]
pub struct NotificationsArgs {
    /// Age, number and format of the rows.
    #[command(flatten)]
    pub list: ListArgs,
    /// Only this channel
    #[arg(long)]
    pub channel: Option<String>,
    /// Only this level: ok (recoveries), warning, critical, unknown
    #[arg(long, value_parser = parse_level)]
    pub level: Option<Status>,
    /// Print the oldest first, then new notifications as they are stored, until the process is ended
    #[arg(long, short)]
    pub follow: bool,
}

fn parse_level(text: &str) -> Result<Status, String> {
    Status::parse(&text.to_ascii_lowercase())
        .ok_or_else(|| "must be ok (recoveries), warning, critical or unknown".to_owned())
}

/// `checkpost deliveries`
#[derive(Debug, Args)]
pub struct DeliveriesArgs {
    /// Age, number and format of the rows.
    #[command(flatten)]
    pub list: ListArgs,
    /// Only this route
    #[arg(long)]
    pub route: Option<String>,
    /// Only messages in this state
    #[arg(long, value_enum)]
    pub state: Option<DeliveryState>,
}

/// The state of a message in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeliveryState {
    /// Not delivered yet; retried until it expires
    Pending,
    /// Accepted by the receiver
    Delivered,
    /// Abandoned
    Expired,
}

impl DeliveryState {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Expired => "expired",
        }
    }
}
