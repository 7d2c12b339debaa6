//! The arguments of `deliveries` and `notify`.

use clap::{Args, Subcommand, ValueEnum};

use super::ListArgs;

/// `checkpost deliveries`
#[derive(Debug, Args)]
pub struct DeliveriesArgs {
    /// Which rows, in which form.
    #[command(flatten)]
    pub list: ListArgs,
    /// Only this route
    #[arg(long)]
    pub route: Option<String>,
    /// Only those in this state
    #[arg(long, value_enum)]
    pub state: Option<DeliveryState>,
}

/// How far a message got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeliveryState {
    /// It waits, or is tried again
    Pending,
    /// It arrived
    Delivered,
    /// It was given up
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

/// `checkpost notify`
#[derive(Debug, Subcommand)]
pub enum NotifyCommand {
    /// Send a test message by a route, now, past its limits and quiet hours
    Test {
        /// The name of a route
        route: String,
    },
}
