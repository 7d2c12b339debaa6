//! The tables `evaluations`, `verdicts`, `modules` and `settings`: the judgement of each instance, with its module and settings.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use checkpost_model::check::{Evaluation, ModuleInfo, Settings, Verdict};
use checkpost_model::digest::sha256_hex;

use crate::sql::{id_of, integer, json};

pub(crate) fn write_evaluation(
    conn: &Connection,
    run_id: i64,
    first_seen: Timestamp,
    evaluation: &Evaluation,
) -> rusqlite::Result<()> {
    let first_seen_ms = first_seen.as_millisecond();
    let module_id = evaluation.module.as_deref().map(|module| module_id(conn, module, first_seen_ms)).transpose()?;
    let settings_id = settings_id(conn, &evaluation.settings)?;
    let failure = evaluation.outcome.as_ref().err();
    let evaluation_id = conn
        .prepare_cached(
            "INSERT INTO evaluations
                 (run_id, instance, channel, module_id, settings_id, status, reason, detail, fuel, duration_us)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .insert(params![
            run_id,
            evaluation.instance,
            evaluation.channel,
            module_id,
            settings_id,
            evaluation.status().as_str(),
            failure.map(|failure| failure.reason.as_str()),
            failure.map(|failure| &failure.detail),
            integer(evaluation.fuel),
            integer(evaluation.duration.as_micros()),
        ])?;
    evaluation.outcome.iter().flatten().try_for_each(|verdict| write_verdict(conn, evaluation_id, verdict))
}

fn write_verdict(conn: &Connection, evaluation_id: i64, verdict: &Verdict) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO verdicts (evaluation_id, subject, status, title, message, measures, attributes)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        evaluation_id,
        verdict.subject,
        verdict.status.as_str(),
        verdict.title,
        verdict.message,
        json(&verdict.measures)?,
        json(&verdict.attributes)?,
    ])?;
    Ok(())
}

fn module_id(conn: &Connection, module: &ModuleInfo, first_seen_ms: i64) -> rusqlite::Result<i64> {
    id_of(
        conn,
        ("SELECT id FROM modules WHERE digest = ?", params![module.digest]),
        (
            "INSERT INTO modules (digest, name, version, size_bytes, first_seen_ms) VALUES (?, ?, ?, ?, ?)",
            params![module.digest, module.name, module.version, integer(module.size_bytes), first_seen_ms],
        ),
    )
}

fn settings_id(conn: &Connection, settings: &Settings) -> rusqlite::Result<i64> {
    let body = json(settings)?;
    let digest = sha256_hex(body.as_bytes());
    id_of(
        conn,
        ("SELECT id FROM settings WHERE digest = ?", params![digest]),
        ("INSERT INTO settings (digest, body) VALUES (?, ?)", params![digest, body]),
    )
}
